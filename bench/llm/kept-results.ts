// Results of long comparisons, one file for each, written after every part: an interrupted run goes on where it stopped.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** What a comparison found so far, by the name of the part. */
export class KeptResults<T> {
  readonly #path: string;
  readonly #key: string;
  readonly #found: Record<string, T>;

  /** @param setting - Parts of another setting are not taken. */
  constructor(name: string, setting: unknown) {
    this.#path = join(process.env.FEDKIT_BENCH ?? join(tmpdir(), 'fedkit-bench'), `${name}.json`);
    this.#key = createHash('sha256').update(JSON.stringify(setting)).digest('hex');
    const stored = existsSync(this.#path) ? JSON.parse(readFileSync(this.#path, 'utf8')) : undefined;
    this.#found = stored?.key === this.#key ? stored.found : {};
  }

  /** The part as it was found before, or as `find` finds it now. */
  async part(name: string, find: () => Promise<T>): Promise<T> {
    if (!Object.hasOwn(this.#found, name)) {
      this.#found[name] = await find();
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.new`, JSON.stringify({ key: this.#key, found: this.#found }));
      renameSync(`${this.#path}.new`, this.#path);
    }
    return this.#found[name];
  }
}

/** So many of them, from the first to the last: neighbours in time are alike. */
export function spread<T>(all: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => all[Math.round((i * (all.length - 1)) / Math.max(1, count - 1))]);
}

/** Mean and half the width of its 95 % interval, by Student's t. */
export function interval(values: readonly number[]): { readonly mean: number; readonly half: number } {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1);
  // Two-sided 97.5 % quantiles for 1 to 9 degrees of freedom.
  const t = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262][n - 2] ?? Number.POSITIVE_INFINITY;
  return { mean, half: n < 2 ? Number.POSITIVE_INFINITY : t * Math.sqrt(variance / n) };
}

/** As text. */
export function percent(values: readonly number[]): string {
  const { mean, half } = interval(values);
  return Number.isFinite(half)
    ? `${(100 * mean).toFixed(1)} ± ${(100 * half).toFixed(1)} %`
    : `${(100 * mean).toFixed(1)} %`;
}
