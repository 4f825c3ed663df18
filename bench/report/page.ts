// The report as Markdown and as a picture.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../shared/checkout.ts';
import type { Rates } from '../shared/yardstick.ts';
import { bars } from './bars.ts';
import { claims } from './claims/index.ts';
import { type Figure, valueOf, written } from './figure.ts';
import { latest } from './history.ts';
import { longRecords, rows } from './rows.ts';
import type { Ran } from './run.ts';

/** What is so many times the speed of its peer, in one run with it. */
const BESIDE_PEERS: readonly (readonly [label: string, key: string])[] = [
  ['calibrated noise / dp_accounting', 'accounting/questions/6/ratio'],
  ['PLD ε, 1,000 steps / dp_accounting', 'accounting/questions/0/ratio'],
  ['PLD ε, 10,000 steps / dp_accounting', 'accounting/questions/2/ratio'],
  ['RDP ε / Opacus', 'accounting/questions/7/ratio'],
  ['secure aggregation, server / flwr SecAgg+', 'secagg-flower/rows/0/ratio'],
  ['secure aggregation, round / flwr SecAgg+', 'secagg-flower/rows/2/ratio'],
  ['median / NumPy', 'robust/ratios/coordinateMedian ÷ np.median'],
  ['trimmed mean / NumPy', 'robust/ratios/trimmedMean ÷ np.partition'],
  ['Krum / a loop of norms in NumPy', 'robust/ratios/krum ÷ loop of norms, as Flower'],
  ['float32 mean / NumPy', 'mean/ratios/float32OfNumpy'],
  ['reproducible mean / NumPy', 'mean/ratios/reproducibleOfNumpy'],
];

const speeds = ({ aesGigabytes = 0, x25519, copyGigabytes, javascript }: Rates): string =>
  `${aesGigabytes} · ${x25519} · ${copyGigabytes} · ${javascript}`;

/** Of a sum over many, as of all rounds of a command, the first and the last. */
function keysOf({ keys }: Figure): string {
  return keys.length > 8 ? `${keys[0]} … ${keys.at(-1)}` : keys.join(' ÷ ');
}

/** A table without padding: keys are long. */
function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function machineOf(ran: Ran): string[] {
  return [ran.row, ran.commit, ran.date.slice(0, 10), `${ran.seconds}`, speeds(ran.before), speeds(ran.after)];
}

/** A record, and the commit and day with which it came. */
function cameWith(record: string): string[] {
  const words = ['log', '-1', '--format=%h %cs', '--', `bench/results/${record}.json`];
  return [record, ...execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim().split(' ')];
}

/** Writes bench/results/report.md, .svg and .json. */
export function writeReport(): void {
  const runs = latest();
  const ordered = rows.map(({ name }) => runs.get(name)).filter((ran) => ran !== undefined);
  const machines = [...new Set(ordered.map(({ machine }) => Object.values(machine).join(', ')))];
  const quoted = claims.flatMap(({ page, figures }) =>
    figures.map((figure) => [page, written(figure), keysOf(figure)]),
  );
  const page = `# Figures

Made by \`pnpm bench report\`; no line is written by hand. Pages quote these figures by key, and a test fails where they differ.

![times the speed of peers](report.svg)

## What pages quote

${table(['page', 'as quoted', 'figure'], quoted)}

## When and where

Rates of the machine before and after each row: AES-128-CTR by OpenSSL in GB/s · X25519 a second · a copy in GB/s · steps of a loop in
millions a second. ${machines.join('; ')}

${table(['row', 'commit', 'date', 'seconds', 'before', 'after'], ordered.map(machineOf))}

Runs that take longer than three minutes are no rows. Their own commands recorded them, with this commit:

${table(['record', 'commit', 'date'], longRecords.map(cameWith))}
`;
  const write = (name: string, text: string) => writeFileSync(join(ROOT, 'bench/results', name), text);
  write('report.md', page);
  write(
    'report.svg',
    bars(
      'Times the speed of a peer, in one run with it',
      BESIDE_PEERS.map(([label, key]) => [label, valueOf(key)]),
    ),
  );
  write('report.json', `${JSON.stringify(Object.fromEntries(ordered.map((ran) => [ran.row, ran])), undefined, 2)}\n`);
}
