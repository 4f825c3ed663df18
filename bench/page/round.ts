/**
 * A round of the page's model, on whatever engine loads this module: a tab's training, and five tabs' secure sum.
 *
 * @module
 */
import { plainTrainer, seededRng } from '@fedkit/core';
import { sha256Hex } from '@fedkit/core/internal';
import { plainProvider } from '@fedkit/secagg';
import { runRound } from '@fedkit/secagg/testing';
import { initialModel, LOCAL, model, PIXELS, SHARD } from '../../examples/browser/network.ts';

/** Milliseconds, and a digest of what came of it, the same wherever it ran. */
export interface Piece {
  readonly milliseconds: number;
  readonly digest: string;
}

const TABS = ['a', 'b', 'c', 'd', 'e'];

/** A tab's training in one round, on examples that anyone can draw. */
async function training(): Promise<Piece> {
  const rng = seededRng('digits');
  const inputs = Float32Array.from({ length: SHARD * PIXELS }, () => (rng.below(5) === 0 ? rng.uniform() : 0));
  const labels = Uint8Array.from({ length: SHARD }, () => rng.below(10));
  const trainer = plainTrainer(model, { inputs, labels });
  const start = initialModel();
  const began = performance.now();
  const { values } = await trainer.train(start, {}, { ...LOCAL, rng: seededRng('batches'), lossAtStart: false });
  const milliseconds = performance.now() - began;
  return { milliseconds, digest: sha256Hex(new Uint8Array(values.buffer)) };
}

/** Both ends of a secure sum of five updates. @param crypto - What the platform brings, or plain JavaScript everywhere. */
async function sum(crypto: 'own' | 'plain'): Promise<Piece> {
  const rng = seededRng('updates');
  const update = () => Int32Array.from({ length: model.layout.size }, () => rng.below(2 ** 16) - 2 ** 15);
  const inputs = Object.fromEntries(TABS.map((id) => [id, { update: update() }]));
  const messages: Uint8Array[] = [];
  const began = performance.now();
  const { sums } = await runRound({
    inputs,
    config: {
      vectors: { update: { length: model.layout.size, bound: 2 ** 15 } },
      corruptFraction: 0.1,
      dropoutFraction: 0.2,
    },
    seed: 'page',
    ...(crypto === 'plain' && { provider: plainProvider }),
    onMessage: ({ bytes }) => void messages.push(bytes.slice()),
  });
  const milliseconds = performance.now() - began;
  const all = [...messages, new Uint8Array((sums.update as Int32Array).buffer)].map((bytes) => sha256Hex(bytes));
  return { milliseconds, digest: sha256Hex(all.join()) };
}

/** The pieces, apart. */
export const PIECES: Readonly<Record<string, () => Promise<Piece>>> = {
  training,
  'secure sum': () => sum('own'),
  'secure sum, plain JavaScript': () => sum('plain'),
};
