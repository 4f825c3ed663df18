/**
 * The digits that tabs begin with.
 *
 *     digits   n labels ‖ n · 784 pixels, a byte each
 *
 * @module
 */
import type { Examples } from '@fedkit/core';
import { seededRng } from '@fedkit/core/random';
import type { Mnist } from '../data/mnist.ts';
import { PIXELS, SHARD } from './network.ts';

/** So many digits nobody trains on, to try the model with. */
const UNSEEN = 60;

/** A tab's own digits, always the same for one name. */
export function shardOf({ train }: Mnist, client: string): Uint8Array<ArrayBuffer> {
  const rng = seededRng('shards').fork(client);
  return packed(
    train,
    Array.from({ length: SHARD }, () => rng.below(train.labels.length)),
  );
}

/** Digits of the test half that the coordinator does not judge by. */
export function unseenDigits({ test }: Mnist): Uint8Array<ArrayBuffer> {
  return packed(
    test,
    Array.from({ length: UNSEEN }, (_, i) => test.labels.length - 1 - i),
  );
}

function packed({ inputs, labels }: Examples, rows: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(rows.length * (1 + PIXELS));
  for (const [i, row] of rows.entries()) {
    bytes[i] = labels[row];
    for (let p = 0; p < PIXELS; p++) bytes[rows.length + i * PIXELS + p] = Math.round(255 * inputs[row * PIXELS + p]);
  }
  return bytes;
}

/** What came of {@link shardOf}. */
export function unpacked(bytes: Uint8Array): Examples {
  const count = bytes.length / (1 + PIXELS);
  return {
    labels: bytes.slice(0, count),
    inputs: Float32Array.from(bytes.subarray(count), (pixel) => pixel / 255),
  };
}
