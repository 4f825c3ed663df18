import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { centralDp, fedAvg, memoryStore, poissonSelection, seededRng, softmaxRegression } from '@fedkit/core';
import { iidPartition } from '@fedkit/core/simulation';
import { calibrateNoiseStd, event, gaussianMechanism, pldAccountant, privacyLedger } from '@fedkit/privacy';
import { expect, it } from 'vitest';
import { experiment } from './experiment.ts';
import { runExperiment } from './run-experiment.ts';
import { classification } from './task.ts';

const [CLIENTS, PROBABILITY, CLIP] = [40, 0.2, 0.5];
const BUDGET = { epsilon: 8, delta: 1e-3 };
const neighboring = 'add-or-remove';

it('carries central noise: ε by round is the ledger’s, and its Pareto plot is drawn', async () => {
  const rng = seededRng(1);
  const labels = Uint8Array.from({ length: 800 }, () => rng.below(4));
  const inputs = Float32Array.from({ length: 3200 }, (_, i) => (labels[i >> 2] === i % 4 ? 1 : 0) + rng.uniform());
  const examples = { inputs, labels };
  const expectedContributors = PROBABILITY * CLIENTS;
  const cost = (size: number, noiseStd: number) => {
    const options = { placement: 'central', size, clip: CLIP, expectedWeight: expectedContributors, noiseStd } as const;
    return event.poissonSampled(PROBABILITY, gaussianMechanism(options).event);
  };
  const mine = experiment({
    name: 'private',
    task: () =>
      classification({ model: softmaxRegression({ inputs: 4, classes: 4 }), train: examples, test: examples }),
    splits: { alike: (own, chance) => iidPartition(own.length, { clients: CLIENTS }, chance) },
    algorithms: { FedAvg: () => fedAvg() },
    channels: {
      plain: 'none',
      'ε = 8': async ({ algorithm, layout, rounds, seed }) => {
        const noiseStd = calibrateNoiseStd({
          neighboring,
          epsilon: 0.995 * BUDGET.epsilon,
          delta: BUDGET.delta,
          event: (std) => event.selfComposed(cost(layout.size, std), rounds),
        });
        const recipients = await privacyLedger({
          store: memoryStore(),
          run: seed,
          unit: 'user',
          budget: BUDGET,
          accountant: () => pldAccountant({ neighboring }),
        });
        return centralDp({
          algorithm,
          layout,
          clip: CLIP,
          noiseStd,
          weighting: { kind: 'uniform' },
          expectedContributors,
          selection: poissonSelection({ probability: PROBABILITY }),
          mechanism: (options) => gaussianMechanism({ placement: 'central', ...options }),
          filters: { recipients },
        });
      },
    },
    local: () => ({ epochs: 2, batchSize: 5, learningRate: 0.3 }),
    cohort: () => poissonSelection({ probability: PROBABILITY }),
    rounds: 5,
    seeds: 2,
    compare: { measure: 'accuracy' },
  });
  const directory = mkdtempSync(join(tmpdir(), 'fedkit-private-'));
  try {
    const { rows } = await runExperiment(mine, { directory });
    const [plain, noised] = rows;
    expect(plain.epsilon).toBeUndefined();
    for (const { curve } of noised.runs) {
      const spent = curve.slice(1).map(({ epsilon = 0 }) => epsilon);
      expect(spent.length).toBe(5);
      expect([...spent].sort((a, b) => a - b)).toEqual(spent);
      expect(spent[0]).toBeGreaterThan(1);
      expect(spent[4]).toBeLessThanOrEqual(BUDGET.epsilon);
      expect(spent[4]).toBeGreaterThan(0.98 * BUDGET.epsilon);
    }
    expect(noised.against?.count).toBe(2);
    // A second plot of what it costs, over ε.
    expect(readFileSync(join(directory, 'index.html'), 'utf8')).toMatch(/>ε<\/text>/);
    expect(readFileSync(join(directory, 'table.csv'), 'utf8')).toContain('ε');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
