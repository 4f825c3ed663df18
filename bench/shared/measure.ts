// Measuring for ratios: all candidates in one process, interleaved round by round, medians.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Yardstick, quietness } from './yardstick.ts';

/** Runs once and returns its milliseconds; for work that is timed elsewhere, such as in a peer's process. */
export type Timed = () => number | Promise<number>;

/**
 * Times single-threaded work here, as the processor time of this process: on an idle machine the time on the wall, on a
 * busy one without the turns of others, which would fall on long work and spare short.
 */
export function timed(work: () => void): Timed {
  return () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}

/** Seconds of processors that this process took, its threads included. */
export function cpuSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
}

/** Of everything measured by turns in this process: the quarter points of its times. Recorded beside the medians. */
const spread: Record<string, readonly [lower: number, upper: number]> = {};

/**
 * The middle of the times of each candidate over `rounds` rounds, in milliseconds. Two rounds warm up. Every other round goes backwards:
 * nobody always follows the same one, and clears away what that one left.
 */
export async function interleave<K extends string>(
  candidates: Readonly<Record<K, Timed>>,
  rounds: number,
): Promise<Record<K, number>> {
  const names = Object.keys(candidates) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = -2; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const time = await candidates[name]();
      if (round >= 0) times[name].push(time);
    }
  }
  for (const name of names) spread[name] = [quantile(times[name], 0.25), quantile(times[name], 0.75)];
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<K, number>;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A Markdown table; columns of numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/**
 * Writes bench/results/<name>.json, with what it was measured on. Where the machine's speed was measured too, the run on
 * the quieter machine stays, whatever its results; `RECORD=always` replaces it, as after a change of the code.
 */
export function writeResults(name: string, results: unknown, machine?: Yardstick): void {
  const directory = join(dirname(fileURLToPath(import.meta.url)), '../results');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${name}.json`);
  if (machine !== undefined && existsSync(file) && process.env.RECORD !== 'always') {
    const { machine: earlier } = JSON.parse(readFileSync(file, 'utf8')) as { machine?: Yardstick };
    if (earlier !== undefined && quietness(earlier) >= quietness(machine)) {
      console.log('a run on a quieter machine is recorded already');
      return;
    }
  }
  const engine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length };
  const record = {
    name,
    engine,
    ...(machine === undefined ? {} : { machine }),
    results,
    ...(Object.keys(spread).length === 0 ? {} : { spread }),
  };
  writeFileSync(file, `${JSON.stringify(record, undefined, 2)}\n`);
}
