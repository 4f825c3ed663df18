import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runExperiment } from 'fedkit';
import { slowness } from '../../packages/core/test/slowness.ts';
import labelSkew from './label-skew.ts';

it('runs, shortened', { timeout: 60_000 * slowness() }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fedkit-label-skew-'));
  try {
    const { splits, tuning } = labelSkew;
    const short = {
      ...labelSkew,
      splits: { 'Dirichlet 0.1': splits['Dirichlet 0.1'] },
      grid: { learningRate: [0.1] },
      tuning: { ...tuning, budget: 1 },
      rounds: 4,
      seeds: 2,
      compare: { ...labelSkew.compare, target: 0.3 },
    };
    const { rows } = await runExperiment(Object.freeze(short), { directory });
    expect(rows.length).toBe(6);
    for (const { values, row, bytes, reached } of rows) {
      // Chance is 0.1.
      for (const value of values) expect(value, `${row.algorithm}, ${row.channel}`).toBeGreaterThan(0.25);
      expect(reached?.seeds).toBe(2);
      expect(bytes).toBeGreaterThan(1e6);
    }
    const bytesUp = (channel: string) =>
      rows.find(({ row }) => row.algorithm === 'FedAvg' && row.channel === channel)?.runs[0].curve.at(-1)?.bytesUp ?? 0;
    expect(bytesUp('plain') / bytesUp('EDEN, 1 bit')).toBeGreaterThan(25);
    expect(readFileSync(join(directory, 'index.html'), 'utf8')).toContain('Dirichlet 0.1');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
