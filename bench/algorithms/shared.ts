// What the experiments have in common.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chart, type Panel } from '../../packages/fedkit/src/experiment/chart.ts';
import { writeResults } from '../shared/measure.ts';

/** Seconds since it was made. */
export function clock(): () => number {
  const began = performance.now();
  return () => (performance.now() - began) / 1000;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** Writes bench/results/algorithms-<name>.json and .svg. */
export function publish(
  name: string,
  title: string,
  results: unknown,
  panels: readonly Panel[],
  columns?: number,
): void {
  const file = `algorithms-${name}`;
  const directory = join(dirname(fileURLToPath(import.meta.url)), '../results');
  mkdirSync(directory, { recursive: true });
  writeResults(file, results);
  writeFileSync(join(directory, `${file}.svg`), chart(title, panels, columns));
  console.log(`\nwrote bench/results/${file}.json and ${file}.svg`);
}
