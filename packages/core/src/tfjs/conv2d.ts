/**
 * A convolution whose filter can be trained on the WebAssembly backend of TensorFlow.js.
 *
 * That backend has no kernel for the gradient of a convolution with respect to its filter (`Conv2DBackpropFilter`), so
 * that no convolutional network trains there. The gradient is itself a convolution, of the input with the output's
 * gradient, and the kernel for that is there.
 *
 * @module
 */
import type * as core from '@tensorflow/tfjs-core';
import { checkOptions, type OptionNames, refuse } from '../check.ts';

/** The operations used, as `@tensorflow/tfjs-core` exports them. */
export type ConvolutionOps = Pick<
  typeof core,
  'conv2d' | 'conv2dTranspose' | 'customGrad' | 'pad' | 'slice' | 'tidy' | 'transpose'
>;

/** Options of {@link trainableConv2d}. */
export interface Conv2dOptions {
  /** Default 1. */
  readonly strides?: number | readonly [number, number];
  /** Default `same`. */
  readonly pad?: 'same' | 'valid';
}

/**
 * `tf.conv2d(x, filter, strides, pad)` with gradients on every backend that has `tf.conv2d` and `tf.conv2dTranspose`:
 *
 *     ∂L/∂filter[i, j] = Σ over batch and places of x at stride·place + (i, j) times ∂L/∂y at place:
 *     x and ∂L/∂y with batch and channels swapped, convolved at stride 1, the forward strides as dilations
 *
 * No tensor is leaked.
 *
 * @param x - Shape [batch, height, width, in channels].
 * @param filter - Shape [height, width, in channels, out channels].
 * @returns Shape [batch, out height, out width, out channels].
 * @throws FedkitError `SHAPE_MISMATCH` for other ranks or channels that differ, `INVALID_ARGUMENT` for another padding.
 * @example
 * ```ts
 * import '@tensorflow/tfjs-backend-wasm';
 * import * as tf from '@tensorflow/tfjs-core';
 * import { trainableConv2d } from '@fedkit/core/tfjs';
 *
 * await tf.setBackend('wasm');
 * const [images, filter] = [tf.ones<tf.Rank.R4>([1, 5, 5, 1]), tf.ones<tf.Rank.R4>([3, 3, 1, 2])];
 * const features = tf.relu(trainableConv2d(tf, images, filter, { pad: 'valid' }));
 * console.log(features.shape.join(), features.dataSync()[0]); // => 1,3,3,2 9
 * ```
 */
export function trainableConv2d(
  tf: ConvolutionOps,
  x: core.Tensor4D,
  filter: core.Tensor4D,
  options: Conv2dOptions = {},
): core.Tensor4D {
  checkOptions('trainableConv2d', options, { strides: true, pad: true } satisfies OptionNames<typeof options>);
  const { strides = 1, pad = 'same' } = options;
  if (pad !== 'same' && pad !== 'valid') refuse('INVALID_ARGUMENT', 'trainableConv2d: pad', "'same' or 'valid'", pad);
  if (x.rank !== 4 || filter.rank !== 4 || x.shape[3] !== filter.shape[2]) {
    const got = `[${x.shape.join(', ')}] and [${filter.shape.join(', ')}]`;
    refuse('SHAPE_MISMATCH', 'trainableConv2d', 'x of [n, h, w, c] and a filter of [h, w, c, d]', got);
  }
  const stride: [number, number] = typeof strides === 'number' ? [strides, strides] : [strides[0], strides[1]];
  const convolve = tf.customGrad((...given) => {
    const [input, kernel, save] = given as unknown as [core.Tensor4D, core.Tensor4D, core.GradSaveFunc];
    save([input, kernel]);
    return {
      value: tf.conv2d(input, kernel, stride, pad),
      gradFunc: (dy: core.Tensor, saved: core.Tensor[]) => {
        const [savedInput, savedKernel] = saved as [core.Tensor4D, core.Tensor4D];
        return [
          tf.conv2dTranspose(dy as core.Tensor4D, savedKernel, savedInput.shape, stride, pad),
          filterGradient(tf, savedInput, dy as core.Tensor4D, savedKernel.shape, stride, pad),
        ];
      },
    };
  });
  return convolve(x, filter) as core.Tensor4D;
}

function filterGradient(
  tf: ConvolutionOps,
  x: core.Tensor4D,
  dy: core.Tensor4D,
  filterShape: readonly [number, number, number, number],
  strides: [number, number],
  pad: 'same' | 'valid',
): core.Tensor4D {
  return tf.tidy(() => {
    const [height, width, inChannels, outChannels] = filterShape;
    const vertical = pad === 'same' ? padding(x.shape[1], height, strides[0]) : ([0, 0] as const);
    const horizontal = pad === 'same' ? padding(x.shape[2], width, strides[1]) : ([0, 0] as const);
    const padded = tf.pad(x, [[0, 0], [...vertical], [...horizontal], [0, 0]]);
    const byChannel = tf.transpose(padded, [3, 1, 2, 0]) as core.Tensor4D;
    const errors = tf.transpose(dy, [1, 2, 0, 3]) as core.Tensor4D;
    const gradient = tf.conv2d(byChannel, errors, 1, 'valid', 'NHWC', strides);
    // Rows of the input that no stride reaches make the result larger than the filter.
    const sized = tf.slice(gradient, [0, 0, 0, 0], [inChannels, height, width, outChannels]);
    return tf.transpose(sized, [1, 2, 0, 3]) as core.Tensor4D;
  });
}

/** How `same` pads one dimension: before and after. */
function padding(size: number, filter: number, stride: number): readonly [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + filter - size, 0);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}
