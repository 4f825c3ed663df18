// The MNIST row of Flower's baseline niid_bench (github.com/adap/flower, baselines/niid_bench): the CNN of NIID-Bench,
// 10 clients by Dirichlet(0.5), all of them in every round, B = 64, η = 0.01, momentum 0.9, FedProx with μ = 0.01.
// Upstream trains 50 rounds of 10 epochs on all 60,000 digits; this machine has no GPU, so the default is fewer digits,
// epochs and rounds, and says so.
// `--full` is upstream's setting, some hours on one core.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { fedAvg, fedNova, fedProx, scaffold, seededRng } from '@fedkit/core';
import { dirichletPartition, simulate } from '@fedkit/core/simulation';
import { mendTransposedMatMul } from '@fedkit/core/tfjs';
import { registerGradients } from '@fedkit/core/tfjs/node';
import { readMnist } from '../../examples/data/mnist.ts';
import { cnn, niidBenchCnn } from '../shared/cnn.ts';
import { table } from '../shared/measure.ts';
import { clock, percent, publish } from './shared.ts';

const SEED = 1;
/** Flower's own table, test accuracy in percent. */
const PUBLISHED = { FedAvg: 98.89, FedProx: 99.02, SCAFFOLD: 99.07, FedNova: 98.03 };

export async function main(): Promise<void> {
  const full = process.argv.includes('--full');
  const { digits, epochs, rounds } = full
    ? { digits: 60_000, epochs: 10, rounds: 50 }
    : { digits: 10_000, epochs: 2, rounds: 10 };
  await registerGradients();
  await tf.setBackend('wasm');
  mendTransposedMatMul(tf);
  const seconds = clock();
  const { train, test } = readMnist();
  const network = cnn(niidBenchCnn);
  const rng = seededRng(SEED);
  const parts = dirichletPartition(
    train.labels.subarray(0, digits),
    { clients: 10, alpha: 0.5, minimumExamples: 10 },
    rng.fork('partition'),
  );
  const initial = network.init(rng.fork('model'));
  const held = full ? test : { ...test, rows: Uint32Array.from({ length: 5000 }, (_, row) => 2 * row) };
  const runs: { method: keyof typeof PUBLISHED; points: [number, number][]; accuracy: number }[] = [];
  const shared = (points: [number, number][]) => ({
    clients: parts.map((rows) => network.trainer({ ...train, rows })),
    local: { epochs, batchSize: 64, learningRate: 0.01, momentum: 0.9 },
    initial,
    cohort: 10,
    rounds,
    seed: SEED,
    evaluate: (params: Float32Array, round: number) => {
      if (full || round % 2 === 0 || round === 1) points.push([round, network.evaluate(params, held).accuracy]);
    },
  });
  const run = async (
    method: keyof typeof PUBLISHED,
    start: (options: ReturnType<typeof shared>) => Promise<unknown>,
  ) => {
    const points: [number, number][] = [];
    await start(shared(points));
    runs.push({ method, points, accuracy: points[points.length - 1][1] });
    console.error(`${method}: ${percent(points[points.length - 1][1])}, ${seconds().toFixed(0)} s`);
  };
  await run('FedAvg', (options) => simulate({ ...options, algorithm: fedAvg() }));
  await run('FedProx', (options) => simulate({ ...options, algorithm: fedProx({ mu: 0.01 }) }));
  await run('SCAFFOLD', (options) => simulate({ ...options, algorithm: scaffold() }));
  await run('FedNova', (options) => simulate({ ...options, algorithm: fedNova() }));

  const reduced = full ? '' : `; upstream: 60,000 digits, 10 epochs, 50 rounds`;
  console.log(
    table(
      ['method', `here, round ${rounds}`, 'Flower, round 50'],
      runs.map(({ method, accuracy }) => [method, percent(accuracy), `${PUBLISHED[method]} %`]),
    ),
  );
  console.log(
    `\n${digits} digits, ${epochs} epochs a round, ${rounds} rounds${reduced}; seed ${SEED}; ${seconds().toFixed(0)} s`,
  );
  publish(
    'flower-table',
    'MNIST CNN, 10 clients by Dirichlet(0.5)',
    { seed: SEED, digits, epochs, rounds, published: PUBLISHED, runs },
    [
      {
        title: `${digits} digits, ${epochs} epochs a round`,
        x: 'round',
        y: 'test accuracy',
        range: [0.5, 1],
        curves: runs.map(({ method, points }) => ({ label: method, points })),
      },
    ],
  );
}
