// How fast an ε is had, at equal tightness, beside dp_accounting's and Opacus's accountants.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { calibrateNoiseStd, event, pldAccountant, rdpAccountant } from '@fedkit/privacy';
import { median, table, timed, writeResults } from '../shared/measure.ts';
import { startPeer } from '../shared/peer.ts';

const rounds = Number(process.argv[2] ?? 7);
const delta = 1e-5;
const neighboring = 'add-or-remove';
const training = (noiseStd: number) =>
  event.selfComposed(event.poissonSampled(0.01, event.gaussian({ noiseStd, recordNorm: 1 })), 1000);

/** What is computed, the peer's name for it, how often a round repeats ours, and the ratio to reach. */
const questions = [
  {
    title: 'PLD ε, each at its default interval',
    ask: 'pld',
    goal: 15,
    ours: () => pldAccountant({ neighboring }).compose(training(1)).epsilon(delta),
  },
  {
    title: 'PLD ε on the same interval of 1e-4',
    ask: 'pld',
    goal: 4,
    ours: () => pldAccountant({ neighboring, discretization: 1e-4 }).compose(training(1)).epsilon(delta),
  },
  {
    title: 'noise for ε = 2 to 1e-4',
    ask: 'calibrate',
    goal: 60,
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

console.log(`σ = 1, q = 0.01, 1,000 steps, δ = 1e-5; processor time, medians of ${rounds} interleaved rounds.`);
console.log(`Peers: ${peer?.greeting ?? 'absent'}.\n`);
console.log(table(['question', 'ms', 'peer ms', 'ratio', 'goal', 'value', "peer's value"], rows));
if (peer !== undefined) writeResults('accounting', { rounds, peer: peer.greeting, questions: results });
