// Multinomial logistic regression on MNIST with the federation of FedProx (Li et al., MLSys 2020, §5.1; generator in
// github.com/litian96/FedProx, data/mnist/generate_niid.py): 1,000 clients of two digits each, sizes after a power law,
// features standardized per pixel, 90 % of each client's digits to train on and 10 % to test on. 10 clients a round, B
// = 10, η = 0.03, E = 1, 100 rounds, as in the README of microsoft/msrflute, whose table gives about 81 %.
import { type Examples, fedAvg, plainTrainer, seededRng, softmaxRegression } from '@fedkit/core';
import { powerLawPartition, simulate } from '@fedkit/core/simulation';
import { readMnist } from '../../examples/data/mnist.ts';
import { table } from '../shared/measure.ts';
import { clock, percent, publish } from './shared.ts';

const CLIENTS = 1000;
const ROUNDS = 100;
const EVERY = 5;
const SEEDS = [1, 2, 3];
const FLOOR = 0.81;
const SECONDS = 8;

/** All 70,000 digits, each pixel to mean 0 and divided by its deviation + 0.001. */
export function standardizedDigits(): Examples {
  const { train, test } = readMnist();
  const all = { inputs: new Float32Array(70_000 * 784), labels: new Uint8Array(70_000) };
  all.inputs.set(train.inputs);
  all.inputs.set(test.inputs, train.inputs.length);
  all.labels.set(train.labels as Uint8Array);
  all.labels.set(test.labels as Uint8Array, train.labels.length);
  const sums = new Float64Array(784);
  const squares = new Float64Array(784);
  for (let at = 0; at < all.inputs.length; at += 784) {
    for (let pixel = 0; pixel < 784; pixel++) {
      const value = all.inputs[at + pixel];
      sums[pixel] += value;
      squares[pixel] += value * value;
    }
  }
  const means = sums.map((sum) => sum / 70_000);
  // The generator works on pixels from 0 to 255, where 0.001 is that much smaller.
  const deviations = squares.map((square, i) => Math.sqrt(Math.max(0, square / 70_000 - means[i] ** 2)) + 0.001 / 255);
  for (let at = 0; at < all.inputs.length; at += 784) {
    for (let pixel = 0; pixel < 784; pixel++) {
      all.inputs[at + pixel] = (all.inputs[at + pixel] - means[pixel]) / deviations[pixel];
    }
  }
  return all;
}

export async function main(): Promise<void> {
  const reading = clock();
  const digits = standardizedDigits();
  console.log(`70,000 digits read and standardized in ${reading().toFixed(1)} s\n`);
  const model = softmaxRegression({ inputs: 784, classes: 10 });
  const runs = [];
  for (const seed of SEEDS) {
    const seconds = clock();
    const rng = seededRng(seed);
    const train: Uint32Array[] = [];
    const test: number[] = [];
    for (const [client, rows] of powerLawPartition(
      digits.labels,
      { clients: CLIENTS },
      rng.fork('partition'),
    ).entries()) {
      // Shuffled, then cut, as each user's digits are in the generator.
      const mixed = [...rows];
      const order = rng.fork('split', client);
      for (let i = mixed.length - 1; i > 0; i--) {
        const j = order.below(i + 1);
        [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
      }
      const cut = Math.floor(0.9 * mixed.length);
      train.push(Uint32Array.from(mixed.slice(0, cut)));
      test.push(...mixed.slice(cut));
    }
    const held = { ...digits, rows: Uint32Array.from(test) };
    const points: [number, number][] = [];
    const lossPoints: [number, number][] = [];
    await simulate({
      algorithm: fedAvg(),
      clients: train.map((rows) => plainTrainer(model, { ...digits, rows })),
      local: { epochs: 1, batchSize: 10, learningRate: 0.03 },
      initial: new Float32Array(model.layout.size),
      cohort: 10,
      rounds: ROUNDS,
      seed,
      evaluate: (params, round) => {
        if (round % EVERY !== 0 && round !== 1) return;
        const { accuracy, loss } = model.evaluate(params, held);
        points.push([round, accuracy]);
        lossPoints.push([round, loss]);
      },
    });
    const sizes = train.map((rows) => rows.length).sort((a, b) => a - b);
    runs.push({
      seed,
      accuracy: points[points.length - 1][1],
      seconds: seconds(),
      points,
      lossPoints,
      tested: test.length,
      sizes,
    });
  }
  console.log(
    table(
      ['seed', 'test digits', 'median client', 'largest', `accuracy at ${ROUNDS}`, 'best', 'seconds'],
      runs.map((run) => [
        String(run.seed),
        String(run.tested),
        String(run.sizes[CLIENTS / 2]),
        String(run.sizes[CLIENTS - 1]),
        percent(run.accuracy),
        percent(Math.max(...run.points.map(([, accuracy]) => accuracy))),
        run.seconds.toFixed(1),
      ]),
    ),
  );
  const mean = runs.reduce((sum, { accuracy }) => sum + accuracy, 0) / runs.length;
  const slowest = Math.max(...runs.map(({ seconds }) => seconds));
  console.log(
    `\nmean ${percent(mean)} (floor ${percent(FLOOR)}); slowest run ${slowest.toFixed(1)} s (ceiling ${SECONDS} s, evaluation included)`,
  );
  console.log(
    'published CPU times on their authors’ machines: FLUTE 3:20, Flower on Ray 30:14 (README of microsoft/msrflute)',
  );
  publish(
    'mnist-lr',
    'MNIST logistic regression, 1,000 power-law clients',
    {
      mean,
      floor: FLOOR,
      runs: runs.map(({ seed, accuracy, seconds, points, lossPoints }) => ({
        seed,
        accuracy,
        seconds,
        points,
        lossPoints,
      })),
    },
    [
      {
        title: 'FedAvg, 10 clients a round',
        x: 'round',
        y: 'test accuracy',
        range: [0, 1],
        level: { label: 'published: about 81 %', value: 0.81 },
        curves: runs.map(({ seed, points }) => ({ label: `seed ${seed}`, points })),
      },
      {
        title: 'test loss',
        x: 'round',
        y: 'cross-entropy',
        curves: runs.map(({ seed, lossPoints }) => ({ label: `seed ${seed}`, points: lossPoints })),
      },
    ],
  );
  if (mean < FLOOR || slowest > SECONDS) process.exitCode = 1;
}
