// Flower's setting: 20 clients, complete graph, 100,000 entries, 30 % dropped before their input; with --peers beside flwr's
// own SecAgg+, run for run in the same minutes. Each side is all its parties in one process, clocked by CPU: here SecAggServer and
// SecAggClient with sealed saves; there SecAggPlusWorkflow and secaggplus_mod, called without a network.
// pnpm bench secagg flower [runs, default 5] [--peers: installs flwr 1.42.0 into a temporary folder by pip]
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { roundConfig } from '@fedkit/secagg';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';
import { every, simulate } from './simulate.ts';

const FLOWER = 'flwr==1.42.0';
const words = process.argv.slice(2);
const peers = words.includes('--peers');
const runs = Number(words.find((word) => word !== '--peers') ?? 5);
const clients = 20;
const entries = 100_000;
const config = roundConfig({
  clients,
  // Flower sums 22-bit values; weights included it uses 32 bits of the ring.
  vectors: { update: { length: entries, bound: 2 ** 21 } },
  graph: 'complete',
  threshold: 11,
  corruptFraction: 0.3,
  dropoutFraction: 0.3,
  minimumClients: 11,
  mode: 'semi-honest',
});
const dropped = every(clients, 0.3);

interface Spent {
  readonly server: number;
  readonly client: number;
  readonly whole: number;
  readonly upload: number;
}

async function here(): Promise<Spent> {
  const { server, clients: answered } = await simulate(config, dropped);
  const total = Object.values(server).reduce((sum, time) => sum + time, 0);
  const client = median(answered.map(({ cpu }) => cpu));
  return { server: total, client, whole: total + clients * client, upload: median(answered.map(({ up }) => up)) };
}

/** flwr in a folder of its own, and one round of it. */
function flower(): { run(): Spent; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-flwr-'));
  const python = join(folder, 'bin/python');
  execFileSync('python3', ['-m', 'venv', folder]);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', FLOWER], {
    stdio: 'inherit',
  });
  const script = fileURLToPath(new URL('flower_secagg.py', import.meta.url));
  return {
    run() {
      const line = execFileSync(python, [script, `${clients}`, `${entries}`, `${dropped.size}`, '1'], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const spent = JSON.parse(line) as Spent;
      return { ...spent, whole: spent.server + clients * spent.client };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

const machine = yardstick();
const peer = peers ? flower() : undefined;
const own: Spent[] = [];
const theirs: Spent[] = [];
try {
  // Ten rounds first, as a server that has run for a while: engines go on compiling until then.
  for (let run = -10; run < runs; run++) {
    const spent = await here();
    if (run < 0) continue;
    own.push(spent);
    if (peer !== undefined) theirs.push(peer.run());
  }
} finally {
  peer?.remove();
}
const of = (all: readonly Spent[], what: keyof Spent): number => median(all.map((spent) => spent[what]));
const GOALS = { server: '≥ 60 ×', client: '', whole: '≥ 20 ×', upload: '≤ 0.44 of it' } as const;
const LABELS = {
  server: 'server, CPU ms',
  client: 'client, CPU ms',
  whole: 'whole round, CPU ms',
  upload: 'upload, bytes',
};
const rows = (Object.keys(GOALS) as (keyof Spent)[]).map((what) => {
  const [mine, other] = [of(own, what), peer && of(theirs, what)];
  const ratio = what === 'upload' ? mine / (other ?? Number.NaN) : (other ?? Number.NaN) / mine;
  return { what, mine, other, ratio };
});
console.log(
  table(
    ['', 'here', ...(peer ? [FLOWER, 'ratio', 'goal'] : [])],
    rows.map(({ what, mine, other, ratio }) => [
      LABELS[what],
      mine.toFixed(1),
      ...(other === undefined ? [] : [other.toFixed(1), ratio.toFixed(what === 'upload' ? 3 : 1), GOALS[what]]),
    ]),
  ),
);
console.log(`\n${config.vectors[0].bits} bits an entry; medians of ${runs}`);
if (peer === undefined) console.log('Alone: --peers runs flwr beside it.');
writeResults(
  'secagg-flower',
  { clients, entries, dropped: dropped.size, rows, ...(peer && { peer: FLOWER }) },
  machine(),
);
