import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { localBatches, localSteps } from './batches.ts';
import { checkTrainOptions } from './train-options.ts';
import type { TrainOptions } from './trainer.ts';

const options = (more: Partial<TrainOptions>): TrainOptions =>
  ({
    batchSize: 10,
    learningRate: 0.1,
    rng: seededRng(7),
    ...more,
  }) as TrainOptions;
const rowsOf = (count: number) => Uint32Array.from({ length: count }, (_, i) => i + 100);

describe('localBatches', () => {
  it('shows every example once a pass, in batches of the size asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 4 }),
        (n, batchSize, epochs) => {
          const rows = rowsOf(n);
          const batches = [...localBatches(rows, options({ epochs, batchSize }))].map((batch) => batch.length);
          const seen: number[] = [];
          for (const batch of localBatches(rows, options({ epochs, batchSize }))) seen.push(...batch);
          const perPass = Math.ceil(n / batchSize);
          expect(batches.length).toBe(epochs * perPass);
          batches.forEach((size, i) =>
            expect(size).toBe(i % perPass === perPass - 1 ? n - (perPass - 1) * batchSize : batchSize),
          );
          for (let pass = 0; pass < epochs; pass++) {
            expect(seen.slice(pass * n, (pass + 1) * n).sort((a, b) => a - b)).toEqual([...rows]);
          }
          expect(rows).toEqual(rowsOf(n));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('shuffles anew for every pass, the same for the same seed', () => {
    const order = () => [...localBatches(rowsOf(30), options({ epochs: 2, batchSize: 1 }))].map(([row]) => row);
    const run = () => {
      const seen: number[] = [];
      for (const [row] of localBatches(rowsOf(30), options({ epochs: 2, batchSize: 1 }))) seen.push(row);
      return seen;
    };
    expect(order().length).toBe(60);
    expect(run()).toEqual(run());
    expect(run().slice(0, 30)).not.toEqual(run().slice(30));
  });

  it('draws nothing where one batch holds everything', () => {
    const rng = seededRng(1);
    expect([...localBatches(rowsOf(4), options({ epochs: 3, batchSize: 'all', rng }))]).toHaveLength(3);
    expect([...localBatches(rowsOf(4), options({ epochs: 3, batchSize: 9, rng }))][0]).toEqual(rowsOf(4));
    expect(rng.uint32()).toBe(seededRng(1).uint32());
  });

  it('counts steps: K = E · ⌈n / B⌉, fractions rounded, at least one', () => {
    expect(localSteps(600, options({ epochs: 1 }))).toBe(60);
    expect(localSteps(601, options({ epochs: 5 }))).toBe(305);
    expect(localSteps(600, options({ epochs: 0.1 }))).toBe(6);
    expect(localSteps(25, options({ epochs: 0.01 }))).toBe(1);
    expect(localSteps(600, options({ epochs: 2, batchSize: 'all' }))).toBe(2);
    expect(localSteps(600, options({ steps: 7 }))).toBe(7);
  });

  it.each<[object, string]>([
    [{}, 'INVALID_ARGUMENT'],
    [{ epochs: 1, steps: 1 }, 'INVALID_ARGUMENT'],
    [{ epochs: 0 }, 'OUT_OF_RANGE'],
    [{ steps: 1.5 }, 'OUT_OF_RANGE'],
    [{ steps: 1, batchSize: 0 }, 'OUT_OF_RANGE'],
    [{ steps: 1, batchSize: 'some' as never }, 'INVALID_ARGUMENT'],
    [{ steps: 1, learningRate: Number.POSITIVE_INFINITY }, 'OUT_OF_RANGE'],
    [{ steps: 1, momentum: 1 }, 'OUT_OF_RANGE'],
    [{ steps: 1, rng: undefined as never }, 'INVALID_ARGUMENT'],
    [{ epoch: 1, steps: 1 }, 'INVALID_ARGUMENT'],
  ])('refuses %o', (more, code) => {
    expect(() => checkTrainOptions('train', options(more))).toThrow(expect.objectContaining({ code }));
  });
});
