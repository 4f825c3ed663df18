import { afterEach, describe, expect, it, vi } from 'vitest';
import { randomUpdates } from '../../../test/robust-setup.ts';
import { seededRng } from '../../random.ts';
import { squaredDistances } from './distances.ts';

/** Σ (x − y)² with compensated summation (Kahan-Babuška): right to within a few ulp. */
function exactDistance(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  let lost = 0;
  for (let c = 0; c < x.length; c++) {
    const term = (x[c] - y[c]) ** 2;
    const next = sum + term;
    lost += Math.abs(sum) >= term ? sum - next + term : term - next + sum;
    sum = next;
  }
  return sum + lost;
}

afterEach(() => void vi.unstubAllGlobals());

function checkRelativeError(updates: readonly Float32Array[]): void {
  const n = updates.length;
  const distances = squaredDistances(updates);
  const bound = 2 ** -44 * (128 + updates[0].length / 256);
  for (let i = 0; i < n; i++) {
    expect(distances[i * n + i]).toBe(0);
    for (let j = 0; j < i; j++) {
      expect(distances[i * n + j]).toBe(distances[j * n + i]);
      const exact = exactDistance(updates[i], updates[j]);
      expect(Math.abs(distances[i * n + j] - exact)).toBeLessThanOrEqual(bound * exact);
    }
  }
}

describe('pairwise squared distances', () => {
  for (const { n, d } of [
    { n: 1, d: 3 },
    { n: 2, d: 1 },
    { n: 5, d: 255 },
    { n: 7, d: 4097 },
    { n: 12, d: 8192 },
    { n: 30, d: 1000 },
  ]) {
    it(`have the same bits without WebAssembly, within the stated error: ${n} × ${d}`, () => {
      // The second half differs from the first by little, so both ways to compute a pair are taken.
      const near = randomUpdates(n, Math.ceil(n / 2), d);
      const updates = [...near, ...near.map((values) => values.map((value, c) => value + (c % 3) * 2 ** -9))].slice(
        0,
        n,
      );
      const fast = squaredDistances(updates);
      vi.stubGlobal('WebAssembly', undefined);
      expect(squaredDistances(updates)).toEqual(fast);
      checkRelativeError(updates);
    });
  }

  it('survive the cancellation that breaks ‖x‖² + ‖y‖² − 2⟨x, y⟩ in float32: small differences between large models', () => {
    const rng = seededRng('models');
    const model = Float32Array.from({ length: 10_000 }, () => rng.uniform() - 0.5);
    const updates = Array.from({ length: 8 }, () => model.map((value) => value + (rng.uniform() - 0.5) * 1e-3));
    checkRelativeError(updates);
  });

  it('are zero for equal updates and finite for the largest float32', () => {
    const largest = new Float32Array(1000).fill(3.4028234663852886e38);
    const distances = squaredDistances([
      largest,
      largest.slice(),
      largest.map((value) => -value),
      new Float32Array(1000),
    ]);
    expect(distances[1]).toBe(0);
    expect([...distances].every(Number.isFinite)).toBe(true);
    expect(distances[2] / (4000 * 3.4028234663852886e38 ** 2)).toBeCloseTo(1, 12);
  });
});
