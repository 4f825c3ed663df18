/**
 * The network that is learned, and what it learns from.
 *
 * @module
 */
import { mlp, type PlainModel } from '@fedkit/core/client/mlp';
import { denseKernels } from '@fedkit/core/kernels/dense';
import { seededRng } from '@fedkit/core/random';

/** Pixels of a digit, and how many there are. */
export const PIXELS = 784;
export const DIGITS = 10;
/** Units of the hidden layer: what each looks for can be drawn as a picture. */
export const HIDDEN = 32;
/** The network: 25,450 parameters. Its products run on WebAssembly, except in pages that forbid it. */
export const model: PlainModel = mlp({ layers: [PIXELS, HIDDEN, DIGITS], kernels: denseKernels });
/** Training examples of one tab, and what it does with them in a round. */
export const SHARD = 400;
export const LOCAL = { epochs: 2, batchSize: 10, learningRate: 0.1 } as const;

/** The first model, which everybody can make. */
export function initialModel(): Float32Array {
  return model.init(seededRng('a page that anyone opens'));
}
