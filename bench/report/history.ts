// The runs of all commits, one line each: figures over time.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../shared/checkout.ts';
import type { Ran } from './run.ts';

const file = join(ROOT, 'bench/results/history.jsonl');

/** All runs, the oldest first. */
export function history(): readonly Ran[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Ran);
}

/** The last run of each row. */
export function latest(): ReadonlyMap<string, Ran> {
  return new Map(history().map((ran) => [ran.row, ran]));
}

export function remember(ran: Ran): void {
  appendFileSync(file, `${JSON.stringify(ran)}\n`);
}
