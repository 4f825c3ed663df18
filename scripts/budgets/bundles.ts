/**
 * What applications import, line for line, and the most that a bundler may make of it.
 *
 * @module
 */

/** Import lines and a use of them, with limits in bytes: esbuild --minify, then gzip -9. */
export interface Budget {
  readonly name: string;
  readonly lines: string;
  readonly maximum: number;
  /** A client: no module of the server half may be in it. */
  readonly client: boolean;
}

const FED_AVG_CLIENT = `
import { federatedClient } from '@fedkit/core/device';
import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
import { plainUpdatesClient } from '@fedkit/core/pipeline/plain-updates-client';
import { fetchExchange } from '@fedkit/core/transport/fetch/exchange';
import { indexedDbStore } from '@fedkit/core/store/indexed-db-store';
`;

const ONE_FED_AVG_CLIENT = `${FED_AVG_CLIENT}
export const client = (layout, trainer) =>
  federatedClient({
    id: 'a',
    pipeline: plainUpdatesClient({ algorithm: fedAvgClient(), layout }),
    trainer,
    local: () => ({ epochs: 1, batchSize: 10, learningRate: 0.1 }),
    exchange: fetchExchange({ url: '/fedkit' }),
    store: indexedDbStore(),
  });`;

const TRAINING_FED_AVG_CLIENT = `${FED_AVG_CLIENT}
import { mlp } from '@fedkit/core/client/mlp';
import { plainTrainer } from '@fedkit/core/client/plain-trainer';
const model = mlp({ layers: [784, 32, 10] });
export const client = (examples) =>
  federatedClient({
    id: 'a',
    pipeline: plainUpdatesClient({ algorithm: fedAvgClient(), layout: model.layout }),
    trainer: plainTrainer(model, examples),
    local: () => ({ epochs: 1, batchSize: 10, learningRate: 0.1 }),
    exchange: fetchExchange({ url: '/fedkit' }),
    store: indexedDbStore(),
  });`;

const SECURE_SUM_CLIENT = `
import { federatedClient } from '@fedkit/core/device';
import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
import { secureSumClient } from '@fedkit/core/pipeline/secure-sum-client';
import { fetchExchange } from '@fedkit/core/transport/fetch/exchange';
import { indexedDbStore } from '@fedkit/core/store/indexed-db-store';
import { rotated, wrapped } from '@fedkit/compression';
import { unsignedAggregationClient } from '@fedkit/secagg/unsigned-client';
export const client = (layout, trainer, sealingKey) =>
  federatedClient({
    id: 'a',
    pipeline: secureSumClient({
      algorithm: fedAvgClient(),
      layout,
      codec: rotated(wrapped({ bits: 16, spread: 1 })),
      wrapProbability: 1e-6,
      maximumWeight: 1000,
      minimumContributors: 20,
      aggregation: unsignedAggregationClient({ corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey }),
    }),
    trainer,
    local: () => ({ epochs: 1, batchSize: 10, learningRate: 0.1 }),
    exchange: fetchExchange({ url: '/fedkit' }),
    store: indexedDbStore(),
  });`;

export const BUDGETS: readonly Budget[] = [
  {
    name: 'FedAvg client',
    lines: ONE_FED_AVG_CLIENT,
    maximum: 22_000,
    client: true,
  },
  {
    name: 'FedAvg client that trains alone, without published models',
    lines: ONE_FED_AVG_CLIENT.replaceAll('federatedClient', 'trainingClient').replace(
      '/device',
      '/device/training-client',
    ),
    maximum: 20_950,
    client: true,
  },
  {
    name: 'FedAvg client with trainer',
    lines: TRAINING_FED_AVG_CLIENT,
    maximum: 27_000,
    client: true,
  },
  {
    name: 'FedAvg client with trainer, its products on WebAssembly',
    lines: `import { denseKernels } from '@fedkit/core/kernels/dense';
${TRAINING_FED_AVG_CLIENT.replace('10] }', '10], kernels: denseKernels }')}`,
    maximum: 28_600,
    client: true,
  },
  {
    name: 'secure-sum client',
    lines: SECURE_SUM_CLIENT,
    maximum: 62_000,
    client: true,
  },
  {
    name: 'secure-sum client that signs',
    lines: SECURE_SUM_CLIENT.replaceAll('unsignedAggregationClient', 'secureAggregationClient').replace(
      'unsigned-client',
      'client',
    ),
    maximum: 75_400,
    client: true,
  },
  {
    name: 'EDEN',
    lines: `import { eden } from '@fedkit/compression';
export const codec = eden({ bits: 1 });`,
    maximum: 11_050,
    client: false,
  },
  {
    name: 'PLD accountant',
    lines: `import { pldAccountant } from '@fedkit/privacy';
import { gaussian, poissonSampled } from '@fedkit/privacy/event';
const step = poissonSampled(0.01, gaussian({ noiseStd: 1, recordNorm: 1 }));
export const epsilon = () => pldAccountant({ neighboring: 'add-or-remove' }).compose(step, 1000).epsilon(1e-5);`,
    maximum: 18_000,
    client: false,
  },
  {
    name: 'PLD accountant of every event',
    lines: `import { event, pldAccountant } from '@fedkit/privacy';
const step = event.poissonSampled(0.01, event.gaussian({ noiseStd: 1, recordNorm: 1 }));
export const epsilon = () => pldAccountant({ neighboring: 'add-or-remove' }).compose(step, 1000).epsilon(1e-5);`,
    maximum: 23_950,
    client: false,
  },
];
