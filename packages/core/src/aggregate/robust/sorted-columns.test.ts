import { afterEach, describe, expect, it, vi } from 'vitest';
import { randomUpdates } from '../../../test/robust-setup.ts';
import { forSortedColumns } from './sorted-columns.ts';

function columns(updates: readonly Float32Array[], first: number, last: number): Float32Array[] {
  const size = updates[0].length;
  const result = Array.from({ length: last - first }, () => new Float32Array(size).fill(Number.NaN));
  forSortedColumns(updates, first, last, (ranks, offset, width) => {
    ranks.forEach((rank, k) => result[k].set(rank.subarray(0, width), offset));
  });
  // Zeros compare equal; their signs are not promised.
  return result.map((row) => row.map((value) => value + 0));
}

afterEach(() => void vi.unstubAllGlobals());

describe('order statistics by coordinate', () => {
  const cases = [
    { n: 1, d: 5 },
    { n: 2, d: 1 },
    { n: 3, d: 9000 },
    { n: 10, d: 257 },
    { n: 33, d: 1024 },
    { n: 100, d: 2700 },
    { n: 700, d: 300 },
  ];
  for (const { n, d } of cases) {
    it(`are those of a sort, and the same bits without WebAssembly: ${n} × ${d}`, () => {
      const updates = randomUpdates(n, n, d);
      for (const [first, last] of [
        [0, n],
        [(n - 1) >> 1, (n >> 1) + 1],
        [Math.floor(n / 5), n - Math.floor(n / 5)],
      ]) {
        vi.unstubAllGlobals();
        const fast = columns(updates, first, last);
        vi.stubGlobal('WebAssembly', undefined);
        expect(columns(updates, first, last)).toEqual(fast);
        for (let c = 0; c < d; c += 1 + Math.floor(d / 50)) {
          const sorted = updates.map((values) => values[c] + 0).sort((a, b) => a - b);
          expect(fast.map((row) => row[c])).toEqual(sorted.slice(first, last));
        }
      }
    });
  }
});
