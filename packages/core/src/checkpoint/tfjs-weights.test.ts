import { io, setBackend, tensor } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { Layout } from '../model/layout.ts';
import { decodeTfjsWeights, encodeTfjsWeights, type TfjsWeight } from './tfjs-weights.ts';

const specs: TfjsWeight[] = [
  { name: 'kernel', shape: [2, 2], dtype: 'float32' },
  { name: 'eight', shape: [3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.1, min: -1 } },
  { name: 'sixteen', shape: [2], dtype: 'float32', quantization: { dtype: 'uint16', scale: 1e-4, min: 2.5 } },
  { name: 'half', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } },
  { name: 'ids', shape: [2], dtype: 'int32' },
  { name: 'on', shape: [], dtype: 'bool' },
];
const float32 = Float32Array.of(1, -2, 3.5, 0.1);
const bytes = Uint8Array.of(
  ...new Uint8Array(float32.buffer),
  // three values of uint8, two of uint16, two of float16
  ...Uint8Array.of(0, 128, 255),
  ...Uint8Array.of(0x34, 0x12, 0xff, 0xff),
  ...Uint8Array.of(0x00, 0x3c, 0x01, 0x80),
  ...new Uint8Array(Int32Array.of(-7, 2 ** 30).buffer),
  1,
);
const manifest = [{ paths: ['a.bin', 'b.bin'], weights: specs }];
const files = { 'a.bin': bytes.slice(0, 9), 'b.bin': bytes.slice(9) };

beforeAll(async () => {
  expect(await setBackend('wasm')).toBe(true);
});

describe('decodeTfjsWeights', () => {
  it('reads what TensorFlow.js reads from the same bytes', () => {
    const peer = io.decodeWeights(bytes.slice().buffer, specs as io.WeightsManifestEntry[]);
    const model = decodeTfjsWeights(manifest, files);
    for (const { name } of model.layout.tensors) {
      expect(model.layout.view(model.values, name)).toEqual(peer[name].dataSync());
    }
    expect(model.layout.tensors.map(({ name }) => name)).toEqual(['kernel', 'eight', 'sixteen', 'half']);
    expect(model.carried.map(({ name, type }) => [name, type])).toEqual([
      ['ids', 'I32'],
      ['on', 'BOOL'],
    ]);
    expect(decodeTfjsWeights(JSON.stringify({ weightsManifest: manifest }), files)).toEqual(model);
  });

  it('reads what TensorFlow.js writes', async () => {
    const written = await io.encodeWeights({ w: tensor([[1, 2, 3]]), n: tensor([4, 5], [2], 'int32') });
    const model = decodeTfjsWeights([{ paths: ['w'], weights: written.specs as TfjsWeight[] }], {
      w: new Uint8Array(written.data as ArrayBuffer),
    });
    expect([...model.values]).toEqual([1, 2, 3]);
    expect(model.carried[0]).toMatchObject({ name: 'n', type: 'I32' });
  });

  const one = (weight: unknown, length = 4) =>
    [[{ paths: ['w'], weights: [weight] }], { w: new Uint8Array(length) }] as const;
  it.each([
    ['too few bytes', one({ name: 'w', shape: [2], dtype: 'float32' })],
    ['too many bytes', one({ name: 'w', shape: [1], dtype: 'float32' }, 5)],
    ['text', one({ name: 'w', shape: [1], dtype: 'string' })],
    ['a negative dimension', one({ name: 'w', shape: [-1], dtype: 'float32' })],
    ['a huge shape', one({ name: 'w', shape: [2 ** 40, 2 ** 40], dtype: 'float32' })],
    ['no name', one({ shape: [1], dtype: 'float32' })],
    ['null', one(null)],
    ['an unknown quantization', one({ name: 'w', shape: [4], dtype: 'float32', quantization: { dtype: 'uint4' } })],
    [
      'an infinite scale',
      one({ name: 'w', shape: [4], dtype: 'float32', quantization: { dtype: 'uint8', scale: Infinity } }),
    ],
    ['no groups', ['{}', {}] as const],
    ['a group without paths', [[{ weights: [] }], {}] as const],
    ['no JSON', ['{', {}] as const],
  ])('refuses %s', (_, [groups, given]) => {
    expect(() => decodeTfjsWeights(groups as never, given as Record<string, Uint8Array>)).toThrow(
      expect.objectContaining({ name: 'FedkitError', code: 'DECODE_FAILED' }),
    );
  });

  it('names a path whose bytes are missing', () => {
    expect(() => decodeTfjsWeights(manifest, { 'a.bin': files['a.bin'] })).toThrow(/b\.bin/);
  });
});

describe('encodeTfjsWeights', () => {
  const layout = Layout.of([
    { name: 'w', shape: [1, 3] },
    { name: 'b', shape: [] },
  ]);
  const values = Float32Array.of(1, 2, 3, 4);
  const carried = [{ name: 'n', shape: [2], type: 'I32', bytes: new Uint8Array(Int32Array.of(5, 6).buffer) }];

  it('is read by TensorFlow.js, and here', () => {
    const { weightsManifest, files: written } = encodeTfjsWeights({ layout, values, carried });
    const [{ weights }] = weightsManifest;
    const peer = io.decodeWeights(written['weights.bin'].buffer, weights as io.WeightsManifestEntry[]);
    expect(peer.w.shape).toEqual([1, 3]);
    expect([...peer.w.dataSync(), ...peer.b.dataSync(), ...peer.n.dataSync()]).toEqual([1, 2, 3, 4, 5, 6]);
    const back = decodeTfjsWeights(weightsManifest, written, { layout });
    expect(back.values).toEqual(values);
    expect(back.carried).toEqual(carried);
  });

  it('refuses a type that TensorFlow.js has not', () => {
    expect(() => encodeTfjsWeights({ layout, values, carried: [{ ...carried[0], type: 'I64' }] })).toThrow(/"n".*type/);
  });
});
