// Small federations, server and clients in one process: what the published models are. Plain JavaScript on the packages'
// names, so that every engine and bundler runs this very file.
import { commonRange, rotation } from '@fedkit/compression';
import {
  distributedDp,
  federatedClient,
  federatedServer,
  fedAvg,
  mean,
  memoryStore,
  modelDigest,
  plainTrainer,
  plainUpdates,
  secureRng,
  secureSum,
  seededRng,
  softmaxRegression,
} from '@fedkit/core';
import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
import { secureSumClient } from '@fedkit/core/pipeline/secure-sum-client';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { distributedGaussianMechanism } from '@fedkit/privacy';
import { secureAggregation } from '@fedkit/secagg';
import { unsignedAggregationClient } from '@fedkit/secagg/unsigned-client';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const ids = Array.from({ length: 6 }, (_, i) => `client ${i}`);
const size = model.layout.size;

const secrecy = () => ({
  mode: 'semi-honest',
  corruptFraction: 0,
  dropoutFraction: 0.2,
  sealingKey: secureRng().fill(new Uint8Array(32)),
});

const sum = {
  layout: model.layout,
  codec: commonRange({ bits: 24, range: 4, contributors: 6 }),
  minimumContributors: 5,
  maximumWeight: 8,
};

/** One of each kind, with a client's half where it is apart. Noise is fresh, so the model of the last differs from run to run. */
const pipelines = {
  plain: () => plainUpdates({ algorithm: fedAvg(), layout: model.layout }),
  'secure sum': () => secureSum({ ...sum, algorithm: fedAvg(), aggregation: secureAggregation(secrecy()) }),
  'distributed noise': () =>
    distributedDp({
      algorithm: fedAvg({ aggregate: (length) => mean(length) }),
      layout: model.layout,
      clip: 0.5,
      weighting: { kind: 'uniform' },
      noiseStd: 0.5,
      bits: 20,
      minimumContributors: 5,
      maximumContributors: 6,
      expectedContributors: 6,
      mechanism: distributedGaussianMechanism,
      rotation,
      aggregation: secureAggregation(secrecy()),
    }),
};
const halves = {
  'secure sum': () =>
    secureSumClient({ ...sum, algorithm: fedAvgClient(), aggregation: unsignedAggregationClient(secrecy()) }),
};

async function federate(pipeline, half = pipeline) {
  const server = await federatedServer({
    pipeline: pipeline(),
    initial: new Float32Array(size),
    cohort: ids.length,
    minimum: ids.length,
    rounds: 2,
    retryAfter: 5,
    deadlines: { recruiting: 60_000, reporting: 60_000, stage: 60_000 },
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  await Promise.all(
    ids.map((id, i) => {
      const rng = seededRng(id);
      return federatedClient({
        id,
        pipeline: half(),
        trainer: plainTrainer(model, {
          inputs: Float32Array.from({ length: 8 }, () => rng.uniform()),
          labels: Uint8Array.of(0, 1, i % 2, 1),
        }),
        local: () => ({ epochs: 2, batchSize: 'all', learningRate: 0.5 }),
        exchange: memoryTransport(server, id),
        store: memoryStore(),
      }).run();
    }),
  );
  const outcomes = (await server.records()).map(({ outcome }) => outcome);
  const { params } = server;
  return { outcomes, digest: modelDigest(model.layout, params), largest: Math.max(...Array.from(params, Math.abs)) };
}

/** For each pipeline: what became of its rounds, the model's digest, and its largest magnitude. */
export async function federations() {
  const models = {};
  for (const [name, pipeline] of Object.entries(pipelines)) models[name] = await federate(pipeline, halves[name]);
  return models;
}
