import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { accuracyChart } from './chart.ts';
import { runScheme } from './federation.ts';
import { SCHEMES } from './schemes.ts';

/** Digits in name only: ten classes, each with its own bright pixels. */
function examples(count: number) {
  const rng = seededRng(count);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const inputs = Float32Array.from({ length: count * 784 }, (_, i) => {
    const bright = Math.floor((i % 784) / 78) === labels[Math.floor(i / 784)];
    return rng.uniform() < (bright ? 0.9 : 0.1) ? 1 : 0;
  });
  return { inputs, labels };
}

describe('the training bench', () => {
  const data = { train: examples(2000), test: examples(200) };
  const scheme = (name: string) => SCHEMES.find((one) => one.name === name) ?? SCHEMES[0];

  it('counts every byte of an uncompressed federation', async () => {
    const { points, rounds } = await runScheme(scheme('none'), data, 75, 1);
    expect(rounds).toBe(3);
    expect(points.map(({ bytesUp }) => bytesUp)).toEqual([1, 2, 3].map((round) => round * 10 * 4 * 7850));
    expect(points.map(({ bytesDown }) => bytesDown)).toEqual(points.map(({ bytesUp }) => bytesUp));
  });

  it('sends less and learns under compression, and draws it', async () => {
    const runs = [];
    for (const name of ['EDEN 1', 'STC 1/100', 'top-k 1/100, error feedback']) {
      const run = await runScheme(scheme(name), data, 4 * scheme(name).steps, 1);
      const { bytesUp, bytesDown, accuracy } = run.points[run.points.length - 1];
      expect(bytesUp, name).toBeLessThan((4 * 10 * 4 * 7850) / 4);
      expect(bytesDown, name).toBeLessThan(4 * 10 * 4 * 7850);
      expect(accuracy, name).toBeGreaterThan(0.15);
      runs.push(run);
    }
    const svg = accuracyChart(runs);
    for (const { name } of runs) expect(svg).toContain(name);
    expect(svg).not.toContain('NaN');
  });
});
