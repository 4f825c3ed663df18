// One version's whole federation under secure aggregation in one process: the server, and clients that reach it through memory. It stands
// in another checkout's bench/server too. fork('ring.ts', ['drive', setting as JSON]) answers each 'turn', a round of fresh clients,
// with what that cost.
import {
  fedAvg,
  federatedClient,
  federatedServer,
  memoryStore,
  plainTrainer,
  secureRng,
  secureSum,
  seededRng,
  softmaxRegression,
} from '@fedkit/core';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { commonRange } from '@fedkit/compression';
import { secureAggregation } from '@fedkit/secagg';
import type { Setting, Usage } from './setting.ts';

const { parameters, cohort } = JSON.parse(process.argv[3]) as Setting;
process.on('disconnect', () => process.exit());

const CLASSES = 10;
const PATIENCE = 3_600_000;
const inputs = parameters / CLASSES - 1;
const model = softmaxRegression({ inputs, classes: CLASSES });
const minimumContributors = Math.floor(0.9 * cohort);
const pipelineOf = (key: number) =>
  secureSum({
    algorithm: fedAvg(),
    size: parameters,
    codec: commonRange({ bits: 24, range: 1, contributors: cohort }),
    maximumWeight: 1,
    minimumContributors,
    aggregation: secureAggregation({
      sealingKey: new Uint8Array(32).fill(key),
      corruptFraction: 0.05,
      dropoutFraction: 0.05,
      mode: 'semi-honest',
      graph: 'harary',
    }),
  });
const pipelines = [pipelineOf(1), pipelineOf(2)];
const examples = { inputs: new Float32Array(inputs).fill(0.5), labels: Uint8Array.of(1) };
// The earlier version's server has no layout, and its clients refuse a model of none where their trainer has one.
const { layout: _layout, ...trainer } = plainTrainer(model, examples);

async function turn(): Promise<void> {
  const server = await federatedServer({
    pipeline: pipelines[0],
    initial: model.init(seededRng(1)),
    store: memoryStore(),
    cohort,
    population: cohort,
    minimum: minimumContributors,
    rounds: 1,
    retryAfter: 50,
    // However slow a busy machine is: who misses a stage would not be in the sum.
    deadlines: { recruiting: PATIENCE, stage: PATIENCE, reporting: PATIENCE },
    clock: () => performance.now(),
    rng: secureRng(),
  });
  let over = false;
  const tick = async (): Promise<void> => {
    while (!over) {
      await server.tick();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const ticking = tick();
  await Promise.all(
    Array.from({ length: cohort }, (_, i) =>
      federatedClient({
        id: `client ${i}`,
        pipeline: pipelines[1],
        trainer,
        local: () => ({ epochs: 1, batchSize: 1, learningRate: 0.1 }),
        exchange: memoryTransport(server, `client ${i}`),
        store: memoryStore(),
      }).run(),
    ),
  );
  over = true;
  await ticking;
  const [{ contributors }] = await server.records();
  if (contributors.length !== cohort) throw new Error(`${contributors.length} contributors`);
  await server.close();
}

process.on('message', (what) => {
  if (what === 'end') process.exit();
  void (async () => {
    const before = process.cpuUsage();
    await turn();
    const { user, system } = process.cpuUsage(before);
    process.send?.({
      milliseconds: (user + system) / 1000 / cohort,
      rss: process.memoryUsage.rss(),
      peak: 1024 * process.resourceUsage().maxRSS,
      stretch: 0,
    } satisfies Usage);
  })();
});
process.send?.('ready');
