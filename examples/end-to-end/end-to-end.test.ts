import { fedAvg, plainUpdates, scaffold, seededRng, type Trainer } from '@fedkit/core';
import { quadraticTrainer } from '@fedkit/core/conformance';
import { describe, expect, it } from 'vitest';
import { runFederation } from './federation.ts';
import { drawPlan } from './plan.ts';
import { type AnyAlgorithm, differences } from './witness.ts';

const SIZE = 5;
const CLIENTS = 6;
const ROUNDS = {
  cohort: 4,
  minimum: 2,
  overSelection: 1.25,
  population: 5,
  rounds: 3,
  retryAfter: 500,
  deadlines: { recruiting: 5000, reporting: 30_000, stage: 8000 },
};

/** A client whose optimum and weight come from its number. */
function trainer(i: number): Trainer {
  const rng = seededRng(i);
  return quadraticTrainer(
    Float32Array.from({ length: SIZE }, () => 4 * rng.uniform() - 2),
    1 + (i % 3),
  );
}

const initial = Float32Array.from({ length: SIZE }, (_, i) => i / 8);

async function plainRun(seed: string, algorithm: AnyAlgorithm) {
  const plan = drawPlan({ seed, clients: CLIENTS, until: 90_000 });
  const pipeline = () => plainUpdates({ algorithm, size: SIZE });
  const outcome = await runFederation({ plan, pipeline, initial, rounds: ROUNDS, trainer, patience: 3_600_000 });
  return { ...outcome, differences: differences(outcome.witness, { algorithm, size: SIZE, initial, ...outcome }) };
}

describe('a federation in which everything goes wrong', () => {
  it.each(Array.from({ length: 20 }, (_, block) => block))(
    'publishes the sums of exactly the acknowledged, block %i of plain updates',
    async (block) => {
      for (let i = 0; i < 10; i++) {
        const seed = `plain ${10 * block + i}`;
        const run = await plainRun(seed, i % 2 === 0 ? fedAvg() : scaffold());
        expect(run.differences, seed).toEqual([]);
        expect(run.records.filter(({ outcome }) => outcome === 'published').length, seed).toBe(3);
      }
    },
  );
});
