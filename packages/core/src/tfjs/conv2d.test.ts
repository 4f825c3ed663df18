import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { type Conv2dOptions, trainableConv2d } from './conv2d.ts';
import { registerGradients } from './node.ts';

type Shape4 = [number, number, number, number];

beforeAll(async () => {
  await registerGradients();
  await tf.setBackend('wasm');
});

function random(shape: Shape4, seed: number): tf.Tensor4D {
  const rng = seededRng(seed);
  return tf.tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.uniform() * 2 - 1),
    shape,
  );
}

/** Both gradients of Σ conv(x, w)·g by the definition, in float64. */
function byHand(x: tf.Tensor4D, w: tf.Tensor4D, g: tf.Tensor4D, stride: readonly [number, number], same: boolean) {
  const [xs, ws, gs] = [x, w, g].map((tensor) => tensor.dataSync());
  const [n, height, width, c] = x.shape;
  const [kh, kw, , d] = w.shape;
  const [, oh, ow] = g.shape;
  const before = (size: number, kernel: number, s: number) =>
    same ? Math.floor(Math.max((Math.ceil(size / s) - 1) * s + kernel - size, 0) / 2) : 0;
  const [top, left] = [before(height, kh, stride[0]), before(width, kw, stride[1])];
  const dx = new Float64Array(xs.length);
  const dw = new Float64Array(ws.length);
  for (let b = 0; b < n; b++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let p = 0; p < kh; p++)
          for (let q = 0; q < kw; q++) {
            const [row, column] = [i * stride[0] + p - top, j * stride[1] + q - left];
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            for (let a = 0; a < c; a++)
              for (let e = 0; e < d; e++) {
                const out = gs[((b * oh + i) * ow + j) * d + e];
                const at = ((b * height + row) * width + column) * c + a;
                const weight = ((p * kw + q) * c + a) * d + e;
                dw[weight] += xs[at] * out;
                dx[at] += ws[weight] * out;
              }
          }
  return { dx, dw };
}

describe('trainableConv2d', () => {
  const cases: [Shape4, Shape4, Conv2dOptions][] = [
    [[2, 6, 7, 3], [3, 3, 3, 4], {}],
    [[1, 8, 8, 1], [5, 5, 1, 2], {}],
    [[2, 7, 6, 2], [3, 2, 2, 3], { pad: 'valid' }],
    [[2, 8, 7, 2], [3, 3, 2, 2], { strides: 2 }],
    [[2, 9, 8, 2], [3, 3, 2, 2], { strides: 2, pad: 'valid' }],
    [[1, 10, 9, 2], [4, 3, 2, 3], { strides: [3, 2], pad: 'valid' }],
    [[1, 5, 5, 2], [1, 1, 2, 3], { strides: [1, 2] }],
  ];

  it.each(cases)('has the gradients of the definition: x %j, filter %j, %j', (xShape, filterShape, options) => {
    const [x, filter] = [random(xShape, 1), random(filterShape, 2)];
    const { strides = 1, pad = 'same' } = options;
    const stride = typeof strides === 'number' ? ([strides, strides] as const) : strides;
    const plain = tf.conv2d(x, filter, [stride[0], stride[1]], pad);
    const g = random(plain.shape as Shape4, 3);
    const before = tf.memory().numTensors;
    const loss = (a: tf.Tensor, b: tf.Tensor) =>
      tf.sum(tf.mul(trainableConv2d(tf, a as tf.Tensor4D, b as tf.Tensor4D, options), g)) as tf.Scalar;
    const { value, grads } = tf.valueAndGrads(loss)([x, filter]);
    expect(tf.memory().numTensors).toBe(before + 3);
    expect(value.dataSync()[0]).toBeCloseTo(tf.sum(tf.mul(plain, g)).dataSync()[0], 4);
    const { dx, dw } = byHand(x, filter, g, stride, pad === 'same');
    for (const [got, want] of [
      [grads[0].dataSync(), dx],
      [grads[1].dataSync(), dw],
    ]) {
      expect(got.length).toBe(want.length);
      for (let i = 0; i < got.length; i++) expect(Math.abs(got[i] - want[i])).toBeLessThan(1e-5);
    }
    tf.disposeVariables();
  });

  it('is the convolution of TensorFlow.js', () => {
    const [x, filter] = [random([2, 6, 7, 3], 1), random([3, 3, 3, 4], 2)];
    expect(trainableConv2d(tf, x, filter).dataSync()).toEqual(tf.conv2d(x, filter, 1, 'same').dataSync());
  });

  it('trains where the operation of TensorFlow.js cannot', () => {
    const x = random([4, 6, 6, 1], 1);
    const filter = tf.variable(random([3, 3, 1, 2], 2));
    const target = tf.conv2d(x, random([3, 3, 1, 2], 3), 1, 'same');
    const loss = (convolve: (a: tf.Tensor4D, b: tf.Tensor4D) => tf.Tensor) => () =>
      tf.mean(tf.square(tf.sub(convolve(x, filter as tf.Tensor4D), target))) as tf.Scalar;
    expect(() => tf.variableGrads(loss((a, b) => tf.conv2d(a, b, 1, 'same')))).toThrow('Conv2DBackpropFilter');
    const ours = loss((a, b) => trainableConv2d(tf, a, b));
    const first = tf.tidy(() => ours().dataSync()[0]);
    const { numTensors } = tf.memory();
    for (let step = 0; step < 100; step++) {
      tf.tidy(() => {
        const { grads } = tf.variableGrads(ours, [filter]);
        filter.assign(tf.sub(filter, tf.mul(grads[filter.name], 0.3)));
      });
    }
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.tidy(() => ours().dataSync()[0])).toBeLessThan(first / 100);
  });

  it('refuses shapes that do not go together and other paddings', () => {
    const x = random([1, 4, 4, 2], 1);
    expect(() => trainableConv2d(tf, x, random([3, 3, 1, 2], 2))).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
    expect(() => trainableConv2d(tf, tf.reshape(x, [32]) as unknown as tf.Tensor4D, x)).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
    expect(() => trainableConv2d(tf, x, random([3, 3, 2, 2], 2), { pad: 1 as unknown as 'same' })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
