// What central DP-FedAvg makes of MNIST at several ε, and how many clients that takes. Users are protected, δ = 1/(10 · clients); each client
// holds 10 digits, an expected 200 take part in a round, or all there are; the ledger is asked before every release. Noise and cohorts are
// drawn from the run's seed, so that runs repeat: a simulation protects nobody. Three populations and three ε, so that five seeds of all take
// minutes. pnpm bench experiments dp-utility
import { centralDp, fedAvg, memoryStore, poissonSelection, softmaxRegression } from '@fedkit/core';
import { iidPartition } from '@fedkit/core/simulation';
import {
  calibrateNoiseStd,
  centralGaussianMechanism,
  event,
  gaussianMechanism,
  pldAccountant,
  privacyLedger,
} from '@fedkit/privacy';
import { DIGITS, PIXELS, readMnist } from '../../examples/data/mnist.ts';
import { type ChannelContext, classification, type Experiment, experiment } from '../../packages/fedkit/src/index.ts';

const POPULATIONS = [100, 1000, 6000];
const EACH = 10;
const COHORT = 200;
const CLIP = 0.4;
const neighboring = 'add-or-remove';

const noised =
  (epsilon: number) =>
  async ({ algorithm, layout, population, rounds, seed }: ChannelContext) => {
    const probability = Math.min(1, COHORT / population);
    const delta = 1 / (10 * population);
    const expectedContributors = probability * population;
    const options = {
      placement: 'central',
      size: layout.size,
      clip: CLIP,
      expectedWeight: expectedContributors,
    } as const;
    const noiseStd = calibrateNoiseStd({
      neighboring,
      // The accountant's upper bound is up to 0.1 % wide; a calibration to the last digit would lose the last round to it.
      epsilon: 0.998 * epsilon,
      delta,
      event: (std) =>
        event.selfComposed(
          event.poissonSampled(probability, gaussianMechanism({ ...options, noiseStd: std }).event),
          rounds,
        ),
    });
    const recipients = await privacyLedger({
      store: memoryStore(),
      run: seed,
      unit: 'user',
      budget: { epsilon, delta },
      accountant: () => pldAccountant({ neighboring }),
    });
    return centralDp({
      algorithm,
      layout,
      clip: CLIP,
      noiseStd,
      weighting: { kind: 'uniform' },
      expectedContributors,
      selection: poissonSelection({ probability }),
      mechanism: centralGaussianMechanism,
      filters: { recipients },
    });
  };

const utility: Experiment = experiment({
  name: 'dp-utility',
  about: 'Softmax regression on MNIST, 10 digits a client, Poisson cohorts of an expected 200, 30 rounds of DP-FedAvg.',
  task: () => {
    const { train, test } = readMnist();
    // Nothing is tuned: all but a few rows are the table's.
    return classification({
      model: softmaxRegression({ inputs: PIXELS, classes: DIGITS }),
      train,
      test: { ...test, rows: Uint32Array.from({ length: 5000 }, (_, row) => 2 * row) },
      tuningShare: 1e-3,
    });
  },
  splits: Object.fromEntries(
    POPULATIONS.map((clients) => [
      `${clients} clients`,
      (labels, rng) =>
        iidPartition(labels.length, { clients: Math.floor(labels.length / EACH) }, rng).slice(0, clients),
    ]),
  ),
  algorithms: { FedAvg: () => fedAvg() },
  channels: { 'no privacy': 'none', 'ε 8': noised(8), 'ε 2': noised(2), 'ε 1': noised(1) },
  local: () => ({ epochs: 3, batchSize: 'all', learningRate: 0.1 }),
  cohort: (population) => poissonSelection({ probability: Math.min(1, COHORT / population) }),
  rounds: 30,
  evaluateEvery: 10,
  seeds: 5,
  compare: { measure: 'accuracy' },
});
export default utility;
