// What metrics cost a client, beside the forward passes of its own evaluation: bytes that it sends, and processor time.
// pnpm bench metrics [rounds, default 25]
import { commonRange, eden, rotated, wrapped } from '@fedkit/compression';
import {
  type Contribution,
  fedAvg,
  mlp,
  type Pipeline,
  type PlainData,
  plainTrainer,
  plainUpdates,
  secureSum,
  seededRng,
  type Update,
  withMetrics,
} from '@fedkit/core';
import { secureAggregation } from '@fedkit/secagg';
import { driveRound } from '../../examples/pipelines/drive.ts';
import { interleave, table, writeResults } from '../shared/measure.ts';
import { counted, type Traffic } from '../upload/counted.ts';

const [rounds = 25] = process.argv.slice(2).map(Number);
const CLIENTS = 16;
const EXAMPLES = 60;
/** 199,210 parameters, and the smallest that anyone trains: 7,850. */
const MODELS = { 'the 2NN of MNIST': mlp({ layers: [784, 200, 200, 10] }), softmax: mlp({ layers: [784, 10] }) };
/** Loss, accuracy, how accuracies are spread, and the norm of updates. */
const measured = withMetrics(fedAvg(), {
  bounds: { accuracy: 1, loss: 10 },
  histograms: { accuracy: [0.2, 0.4, 0.6, 0.8] },
  maximumNorm: 10,
  evaluate: () => ({ examples: EXAMPLES, means: { accuracy: 0.5, loss: 1 } }),
});
const plain = fedAvg();

type Any = Pipeline<PlainData, PlainData, PlainData, Update, PlainData>;
const aggregation = secureAggregation({ corruptFraction: 0.1, dropoutFraction: 0.2, sealingKey: new Uint8Array(32) });

/** The same pipeline with and without metrics. */
function pipelines(layout: (typeof MODELS)['softmax']['layout']): Record<string, readonly [Any, Any]> {
  const pair = (make: (algorithm: never, metrics: boolean) => unknown) =>
    [make(plain as never, false), make(measured as never, true)] as unknown as readonly [Any, Any];
  const update = rotated(wrapped({ bits: 16, spread: 4 }));
  const metrics = commonRange({ bits: 24, range: 1, contributors: CLIENTS });
  return {
    'nothing hidden, float32': pair((algorithm) => plainUpdates({ algorithm, layout })),
    'nothing hidden, EDEN at 4 bits': pair((algorithm) =>
      plainUpdates({ algorithm, layout, codec: eden({ bits: 4 }) }),
    ),
    'secure sum, 16 bits': pair((algorithm, measures) =>
      secureSum({
        algorithm,
        layout,
        codec: measures ? { update, metrics } : { update },
        wrapProbability: 1e-6,
        maximumWeight: 100,
        minimumContributors: 12,
        aggregation,
      }),
    ),
  };
}

async function bytesOf(pipeline: Any, contribution: Contribution<Update>): Promise<number> {
  const traffic: Traffic = { up: 0, down: 0, clients: 0 };
  const contributions = Object.fromEntries(Array.from({ length: CLIENTS }, (_, i) => [`client-${i}`, contribution]));
  await driveRound(counted(pipeline, traffic), { contributions });
  return traffic.up / traffic.clients;
}

/** Processor time of this process, in milliseconds. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const rows: { model: string; what: string; without: number; with: number; ratio: number }[] = [];
for (const [name, model] of Object.entries(MODELS)) {
  const rng = seededRng(1);
  const trainer = plainTrainer(model, {
    inputs: Float32Array.from({ length: EXAMPLES * 784 }, () => rng.uniform()),
    labels: Uint8Array.from({ length: EXAMPLES }, () => rng.below(10)),
  });
  const broadcast = { params: model.init(rng) };
  const round = (lossAtStart: boolean) => ({
    broadcast,
    trainer,
    options: { epochs: 1, batchSize: 10, learningRate: 0.1, lossAtStart, rng: seededRng(2) },
  });
  const [without, with_] = await Promise.all([
    plain.clientRound(round(false)).then(({ contribution }) => contribution),
    measured.clientRound(round(false)).then(({ contribution }) => contribution),
  ]);
  for (const [pipeline, [bare, measures]] of Object.entries(pipelines(model.layout))) {
    const bytes = [await bytesOf(bare, without), await bytesOf(measures, with_)];
    rows.push({
      model: name,
      what: `bytes, ${pipeline}`,
      without: bytes[0],
      with: bytes[1],
      ratio: bytes[1] / bytes[0],
    });
  }
  // Several rounds at a time: one of the small model takes a millisecond.
  const several = async (run: () => Promise<unknown>) => {
    for (let i = 0; i < (name === 'softmax' ? 40 : 2); i++) await run();
  };
  const atStart = withMetrics(fedAvg());
  const times = await interleave(
    {
      plain: () => cost(() => several(() => plain.clientRound(round(false)))),
      measured: () => cost(() => several(() => measured.clientRound(round(false)))),
      'plain, loss at the start': () => cost(() => several(() => plain.clientRound(round(true)))),
      'measured, loss at the start': () => cost(() => several(() => atStart.clientRound(round(false)))),
    },
    rounds,
  );
  const timesOf = (what: string, a: keyof typeof times, b: keyof typeof times) =>
    rows.push({ model: name, what, without: times[a], with: times[b], ratio: times[b] / times[a] });
  timesOf('ms, an evaluation that costs nothing', 'plain', 'measured');
  timesOf('ms, the loss at the start alone', 'plain, loss at the start', 'measured, loss at the start');
}
console.log(
  `${EXAMPLES} examples a client, one epoch; loss, accuracy with a histogram of five bins, norms of updates\n`,
);
console.log(
  table(
    ['model', 'what', 'without', 'with metrics', 'ratio'],
    rows.map((row) => [row.model, row.what, row.without.toFixed(1), row.with.toFixed(1), row.ratio.toFixed(4)]),
  ),
);
writeResults('metrics', { clients: CLIENTS, examples: EXAMPLES, rounds, rows });
