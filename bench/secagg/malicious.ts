// A whole round in process in mode malicious beside semi-honest, interleaved: the same clients, threshold and drops.
// pnpm bench secagg malicious [clients, default 100] [entries, default 100000] [drops in percent, default 20] [runs, default 3]
import { type Mode, roundConfig } from '@fedkit/secagg';
import { runRound } from '@fedkit/secagg/testing';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';

const [clients = 100, entries = 100_000, percent = 20, runs = 3] = process.argv.slice(2).map(Number);
const ids = Array.from({ length: clients }, (_, i) => `client-${i}`);
const silent = ids.slice(0, Math.floor((clients * percent) / 100));
const inputs = Object.fromEntries(ids.map((id, i) => [id, { update: new Int32Array(entries).fill(i) }]));
const wanted = ids.slice(silent.length).reduce((sum, id) => sum + Number(id.slice(7)), 0);

async function round(mode: Mode): Promise<{ cpu: number; wall: number; up: number }> {
  const config = roundConfig({
    clients,
    vectors: { update: { length: entries, bound: 32_767 } },
    graph: 'complete',
    corruptFraction: 0.1,
    dropoutFraction: percent / 100,
    mode,
  });
  const [began, before] = [performance.now(), process.cpuUsage()];
  const { sums, bytesUp } = await runRound({ config, inputs, drop: { input: silent } });
  const { user, system } = process.cpuUsage(before);
  if (sums.update.some((value) => value !== wanted)) throw new Error('the sum is wrong');
  return { cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1000, up: bytesUp[ids[clients - 1]] };
}

const machine = yardstick();
const all: Record<string, Awaited<ReturnType<typeof round>>[]> = { 'semi-honest': [], malicious: [] };
for (let run = -1; run < runs; run++) {
  for (const mode of ['semi-honest', 'malicious'] as const) {
    const result = await round(mode);
    if (run >= 0) all[mode].push(result);
  }
}
const rows = Object.entries(all).map(([mode, results]) => ({
  mode,
  cpu: median(results.map(({ cpu }) => cpu)),
  wall: median(results.map(({ wall }) => wall)),
  up: results[0].up,
}));
console.log(
  `${clients} clients, ${entries} entries, ${percent} % dropped before their input, all parties in one process, median of ${runs}; the sums are right.\n`,
);
console.log(
  table(
    ['mode', 'CPU s', 'wall s', 'bytes up'],
    rows.map(({ mode, cpu, wall, up }) => [mode, cpu.toFixed(2), wall.toFixed(2), `${up}`]),
  ),
);
console.log(`\nmalicious / semi-honest: ${(rows[1].cpu / rows[0].cpu).toFixed(2)} × CPU`);
const measured = machine();
if (clients === 100 && entries === 100_000) {
  writeResults('secagg-malicious-round', { clients, entries, percent, rows }, measured);
}
