import { describe, expect, it } from 'vitest';
import { seededRng } from '../../random.ts';
import { type Comparator, pairwiseNetwork, prune } from './sorting-network.ts';

function run(network: readonly Comparator[], values: number[]): number[] {
  for (const [low, high] of network) {
    if (values[high] < values[low]) [values[low], values[high]] = [values[high], values[low]];
  }
  return values;
}

describe('pairwise sorting network', () => {
  it('sorts every input of zeros and ones, hence every input (Knuth 5.3.4, theorem Z), for n ≤ 14', () => {
    for (let n = 1; n <= 14; n++) {
      const network = pairwiseNetwork(n);
      for (let input = 0; input < 1 << n; input++) {
        const bits = Array.from({ length: n }, (_, i) => (input >> i) & 1);
        const ones = bits.filter((bit) => bit === 1).length;
        const sorted = run(network, bits);
        if (sorted.some((bit, i) => bit !== (i < n - ones ? 0 : 1)))
          expect.fail(`n = ${n}, input ${input}: ${sorted.join()}`);
      }
    }
  });

  it('sorts permutations for larger n', () => {
    const rng = seededRng('network');
    for (const n of [15, 16, 17, 31, 32, 33, 64, 100, 128, 200, 257]) {
      const network = pairwiseNetwork(n);
      for (let trial = 0; trial < 50; trial++) {
        const values = Array.from({ length: n }, () => rng.below(n));
        expect(run(network, [...values])).toEqual([...values].sort((a, b) => a - b));
      }
    }
  });

  it('has the sizes of the paper: 4^-1 · m · (m − 1) · 2^m + 2^m − 1 comparators for 2^m lanes', () => {
    for (let m = 1; m <= 8; m++) {
      expect(pairwiseNetwork(2 ** m)).toHaveLength((m * (m - 1) * 2 ** m) / 4 + 2 ** m - 1);
    }
    expect(prune(pairwiseNetwork(100), 49, 51)).toHaveLength(776);
  });

  it('pruned to some ranks still gets these right', () => {
    const rng = seededRng('pruned');
    for (const n of [1, 2, 3, 10, 33, 100]) {
      for (let trial = 0; trial < 30; trial++) {
        const first = rng.below(n);
        const last = first + 1 + rng.below(n - first);
        const network = prune(pairwiseNetwork(n), first, last);
        const values = Array.from({ length: n }, () => rng.below(50));
        const expected = [...values].sort((a, b) => a - b).slice(first, last);
        expect(run(network, values).slice(first, last)).toEqual(expected);
      }
    }
  });
});
