// Runs a row in a process of its own, and reads what it recorded.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpus, release } from 'node:os';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../shared/checkout.ts';
import { type Rates, rates } from '../shared/yardstick.ts';
import { claims } from './claims/index.ts';
import { readAgain, valueOf } from './figure.ts';
import type { Row } from './rows.ts';

/** One run of a row: where, when and how fast that machine was, and the figures that pages quote from it. */
export interface Ran {
  readonly row: string;
  /** With `+` where files differed from it. */
  readonly commit: string;
  /** ISO 8601. */
  readonly date: string;
  readonly seconds: number;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string; readonly system: string };
  readonly before: Rates;
  readonly after: Rates;
  readonly figures: Readonly<Record<string, number>>;
}

/** The commit of a tree. */
export function commitOf(root: string): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', '.', ':!bench/results') !== '';
  return git('rev-parse', '--short=7', 'HEAD') + (changed ? '+' : '');
}

/** Runs a row in a tree, this one unless said. Throws if it fails. */
export function run(row: Row, root: string = ROOT): Ran {
  const before = rates();
  const began = Date.now();
  const words = ['-y', 'pnpm@12.21.0', 'bench', ...row.command];
  const { status } = spawnSync('npx', words, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, RECORD: 'always' },
  });
  if (status !== 0) throw new Error(`pnpm bench ${row.command.join(' ')} ended with ${status}`);
  const seconds = Math.round((Date.now() - began) / 1000);
  readAgain();
  return {
    row: row.name,
    commit: commitOf(root),
    date: new Date().toISOString(),
    seconds,
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      node: process.version,
      system: `${process.platform} ${release()}`,
    },
    before,
    after: rates(),
    figures: figuresOf(row, join(root, 'bench/results')),
  };
}

/** Every key that a page quotes from what a row records. */
function figuresOf(row: Row, results: string): Record<string, number> {
  const keys = claims.flatMap(({ figures }) => figures.flatMap((figure) => figure.keys));
  const own = [...new Set(keys)].filter((key) => row.records.includes(key.split('/')[0]));
  return Object.fromEntries(own.map((key) => [key, valueOf(key, results)]));
}

/** Puts the records of a tree back as they were once `work` is done. */
export function keepingRecords<T>(row: Row, root: string, work: () => T): T {
  const files = row.records.map((name) => join(root, `bench/results/${name}.json`));
  const texts = files.map((file) => (existsSync(file) ? readFileSync(file) : undefined));
  try {
    return work();
  } finally {
    for (const [i, file] of files.entries()) if (texts[i] !== undefined) writeFileSync(file, texts[i]);
  }
}
