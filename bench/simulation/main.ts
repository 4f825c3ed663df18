// pnpm bench simulation overhead [rounds]   processor time of an experiment file beside a hand loop over the same runs, by turns
// pnpm bench simulation clients [n]         processor time a client-round: n clients of a tiny model, 100,000 by default
// pnpm bench simulation recipe [turns] [commit or path of a checkout, default 026a3b0]   MNIST's 1,000 clients beside an earlier version
// pnpm bench simulation flower [n] [rounds]  that beside Flower's simulation, of 500 clients and 4 rounds by default
// pnpm bench simulation pfl [n] [rounds]     that beside pfl's, of 20,000 clients and 3 rounds by default
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fedAvg, plainTrainer, seededRng, softmaxRegression } from '@fedkit/core';
import { iidPartition, simulate } from '@fedkit/core/simulation';
import { classification, experiment, runExperiment } from '../../packages/fedkit/src/index.ts';
import { median, table, writeResults } from '../shared/measure.ts';
import { flower, peerClientRound, pfl } from './peers.ts';
import { recipe } from './recipe.ts';

const peers = { flower, pfl };

const [topic, ...rest] = process.argv.slice(2);

/** Milliseconds of this process, all threads. */
const cpu = async (work: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

async function overhead(rounds: number): Promise<void> {
  const model = softmaxRegression({ inputs: 64, classes: 10 });
  const rng = seededRng('overhead');
  const labels = Uint8Array.from({ length: 6000 }, () => rng.below(10));
  const inputs = Float32Array.from(
    { length: 6000 * 64 },
    (_, i) => rng.uniform() + (labels[i >> 6] === i % 10 ? 1 : 0),
  );
  const examples = { inputs, labels };
  const open = () => classification({ model, train: examples, test: examples });
  const split = (own: ArrayLike<number>, chance: ReturnType<typeof seededRng>) =>
    iidPartition(own.length, { clients: 30 }, chance);
  const local = { epochs: 2, batchSize: 10, learningRate: 0.1 } as const;
  const seeds = 5;
  const file = experiment({
    name: 'overhead',
    task: open,
    splits: { alike: split },
    algorithms: { FedAvg: () => fedAvg() },
    local: () => local,
    cohort: 10,
    rounds: 20,
    evaluateEvery: 2,
    seeds,
    compare: { measure: 'accuracy' },
  });
  // Results are a user's to keep: taking them away is no part of an experiment.
  const byFile = async () => {
    const directory = mkdtempSync(join(tmpdir(), 'overhead-'));
    const milliseconds = await cpu(() => runExperiment(file, { directory }));
    rmSync(directory, { recursive: true });
    return milliseconds;
  };
  const byHand = async () => {
    const task = open();
    for (let seed = 1; seed <= seeds; seed++) {
      const chance = seededRng(`overhead | alike | table | ${seed}`);
      const federation = await task.federation({ split, rng: chance.fork('federation'), phase: 'table' });
      await federation.evaluate(federation.initial, {} as never);
      await simulate({
        algorithm: fedAvg(),
        clients: federation.clients,
        local,
        initial: federation.initial,
        cohort: 10,
        rounds: 20,
        seed: `overhead | table ${seed}`,
        evaluateEvery: 2,
        evaluate: (params) => federation.evaluate(params, {} as never),
      });
    }
  };
  await byFile();
  await byHand();
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0 ? await byFile() : undefined;
    const hand = await cpu(byHand);
    ratios.push((first ?? (await byFile())) / hand);
  }
  console.log(
    table(
      ['runs of 20 rounds, 10 of 30 clients', 'processor time against a hand loop, median', 'lowest', 'highest'],
      [[`${seeds}`, median(ratios).toFixed(3), Math.min(...ratios).toFixed(3), Math.max(...ratios).toFixed(3)]],
    ),
  );
  writeResults('simulation-overhead', { median: median(ratios), ratios });
}

/** Milliseconds of processor time a client-round; and the model's values, ascending. */
async function clientRound(count: number, rounds: number) {
  const model = softmaxRegression({ inputs: 4, classes: 2 });
  const trainer = plainTrainer(model, {
    inputs: Float32Array.from({ length: 40 }, (_, i) => (i % 7) / 7),
    labels: Uint8Array.from({ length: 10 }, (_, i) => i % 2),
  });
  const ids = Array.from({ length: count }, (_, i) => `${i}`);
  const run = () =>
    simulate({
      algorithm: fedAvg(),
      clients: { ids, trainer: () => trainer },
      local: { steps: 1, batchSize: 'all', learningRate: 0.1 },
      initial: new Float32Array(model.layout.size),
      cohort: count,
      rounds,
      seed: 1,
    });
  let values: Float32Array = new Float32Array();
  const milliseconds = await cpu(async () => {
    values = (await run()).params;
  });
  return {
    milliseconds: milliseconds / rounds / count,
    parameters: values.length,
    model: [...values].sort((a, b) => a - b),
  };
}

async function clients(count: number): Promise<void> {
  const rounds = 3;
  const { milliseconds, parameters } = await clientRound(count, rounds);
  console.log(
    table(
      ['clients', 'parameters', 'rounds', 'ms of processor time a client-round'],
      [[`${count}`, `${parameters}`, `${rounds}`, milliseconds.toFixed(4)]],
    ),
  );
  writeResults('simulation-clients', { clients: count, parameters, rounds, milliseconds });
}

/** `simulate` beside a peer, among as many clients and among 100,000. */
async function beside(topic: 'flower' | 'pfl', count: number, rounds: number): Promise<void> {
  const peer = peers[topic];
  const theirs = peerClientRound(peer, count, rounds);
  const [many, ours] = [await clientRound(100_000, 3), await clientRound(count, 1 + rounds)];
  const apart = Math.max(...theirs.model.map((value, i) => Math.abs(value - ours.model[i])));
  if (!(apart < 1e-5)) throw new Error(`${peer.name}: another model, ${apart} apart: not the same task`);
  const rows = [
    ['simulate', '100000', '3', many.milliseconds],
    ['simulate', `${count}`, `${1 + rounds}`, ours.milliseconds],
    [`${peer.name} ${peer.version}`, `${count}`, `${rounds}`, theirs.milliseconds],
  ] as const;
  console.log(
    table(
      [`${ours.parameters} parameters`, 'clients', 'rounds', 'ms of processor time a client-round'],
      rows.map(([name, clients, counted, milliseconds]) => [name, clients, counted, milliseconds.toFixed(4)]),
    ),
  );
  const ratio = many.milliseconds / theirs.milliseconds;
  console.log(`\n${ratio.toPrecision(2)} of theirs (goal: 0.3); the models differ by ${apart.toExponential(1)}`);
  writeResults(`simulation-${topic}`, {
    version: peer.version,
    clients: count,
    rounds,
    theirs: theirs.milliseconds,
    amongAsMany: ours.milliseconds,
    ours: many.milliseconds,
    ratio,
  });
}

if (topic === 'overhead') await overhead(Number(rest[0] ?? 7));
else if (topic === 'clients') await clients(Number(rest[0] ?? 100_000));
else if (topic === 'recipe') await recipe(Number(rest[0] ?? 5), rest[1] ?? '026a3b0');
else if (topic === 'flower') await beside('flower', Number(rest[0] ?? 500), Number(rest[1] ?? 4));
else if (topic === 'pfl') await beside('pfl', Number(rest[0] ?? 20_000), Number(rest[1] ?? 3));
else {
  console.error(
    'usage: pnpm bench simulation overhead [rounds] | clients [n] | recipe [turns] [commit] | flower [n] [rounds] | pfl [n] [rounds]',
  );
  process.exitCode = 1;
}
