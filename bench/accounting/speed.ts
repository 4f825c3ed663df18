// How fast an ε is had, at equal tightness, beside dp_accounting's and Opacus's accountants.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calibrateNoiseStd, event, pldAccountant, rdpAccountant } from '@fedkit/privacy';
import { median, table, timed, writeResults } from '../shared/measure.ts';
import { startPeer } from '../shared/peer.ts';

const rounds = Number(process.argv[2] ?? 7);
const delta = 1e-5;
const neighboring = 'add-or-remove';
const training = (noiseStd: number, probability = 0.01, steps = 1000) =>
  event.selfComposed(event.poissonSampled(probability, event.gaussian({ noiseStd, recordNorm: 1 })), steps);

/** ε at the default of each package, and on one interval, which gives one upper bound. */
const pld = (probability: number, steps: number, goals: readonly [number, number]) => [
  {
    title: `PLD ε, q = ${probability}, ${steps} steps, each at its default interval`,
    ask: `pld ${probability} ${steps}`,
    goal: goals[0],
    ours: () =>
      pldAccountant({ neighboring })
        .compose(training(1, probability, steps))
        .epsilon(delta),
  },
  {
    title: `PLD ε, q = ${probability}, ${steps} steps, both on an interval of 1e-4: one upper bound`,
    ask: `pld ${probability} ${steps}`,
    goal: goals[1],
    ours: () =>
      pldAccountant({ neighboring, discretization: 1e-4 })
        .compose(training(1, probability, steps))
        .epsilon(delta),
  },
];

/** 300 rounds of which no two are sampled alike. */
const manyProbabilities = () => {
  const accountant = pldAccountant({ neighboring });
  for (let i = 0; i < 300; i++) accountant.compose(training(1, 0.005 + 3e-5 * i, 1));
  return accountant;
};

/** What is computed, the peer's name for it, how often a round repeats ours, and the ratio to reach. */
const questions = [
  ...pld(0.01, 1000, [40, 15]),
  ...pld(0.01, 10_000, [6, 5]),
  ...pld(0.0001, 10_000, [5, 5]),
  {
    title: 'noise for ε = 2 to 1e-4',
    ask: 'calibrate',
    goal: 100,
    ours: () => calibrateNoiseStd({ epsilon: 2, delta, neighboring, event: training }),
  },
  {
    title: 'RDP ε against Opacus',
    ask: 'opacus',
    goal: 5,
    ours: () => rdpAccountant({ neighboring }).compose(training(1)).epsilon(delta),
  },
];

const peer = await startPeer(join(dirname(fileURLToPath(import.meta.url)), 'peers.py'));
const rows: string[][] = [];
const results: Record<string, unknown>[] = [];
for (const { title, ask, goal, ours } of questions) {
  const here: number[] = [];
  const there: number[] = [];
  let value = 0;
  let theirs = Number.NaN;
  for (let round = -3; round < rounds; round++) {
    const time = await timed(() => {
      value = ours();
    })();
    if (round >= 0) here.push(time);
    // The peer's calibration takes seconds: three rounds of it say enough.
    if (peer === undefined || round < 0 || (ask === 'calibrate' && round >= 3)) continue;
    const [milliseconds, answer] = (await peer.ask(ask)).split(' ').map(Number);
    there.push(milliseconds);
    theirs = answer;
  }
  const [mine, its] = [median(here), peer === undefined ? Number.NaN : median(there)];
  const shown = (x: number, digits: number) => (Number.isNaN(x) ? 'absent' : x.toFixed(digits));
  rows.push([
    title,
    mine.toFixed(2),
    shown(its, 1),
    shown(its / mine, 1),
    `≥ ${goal}`,
    value.toFixed(6),
    shown(theirs, 6),
  ]);
  results.push({ title, milliseconds: mine, peerMilliseconds: its, ratio: its / mine, goal, value, peerValue: theirs });
}
peer?.end();

const start = process.cpuUsage().user;
const { lower, upper } = manyProbabilities().epsilonBounds(delta);
const many = (process.cpuUsage().user - start) / 1000;

console.log(
  `σ = 1, q = 0.01, 1,000 steps where not said otherwise, δ = 1e-5; processor time, medians of ${rounds} interleaved rounds.`,
);
console.log(`Peers: ${peer?.greeting ?? 'absent'}.\n`);
console.log(table(['question', 'ms', 'peer ms', 'ratio', 'goal', 'value', "peer's value"], rows));
console.log(
  `\n300 probabilities, one round of each: ε in [${lower.toFixed(5)}, ${upper.toFixed(5)}] in ${many.toFixed(0)} ms, once (goal 2000).`,
);
if (peer !== undefined) writeResults('accounting', { rounds, peer: peer.greeting, questions: results });
