import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/special.json' with { type: 'json' };
import { atomicPair } from './atomic-pair.ts';
import { gaussianPair, sampledReplacePair } from './gaussian-pair.ts';
import { laplacePair } from './laplace-pair.ts';
import { binomialUpperTail, mixturePairs } from './mixture-pair.ts';
import { type DominatingPair, EVALUATION_ERROR, newTails } from './pair.ts';
import { sampledAddPair, sampledRemovePair } from './sampled-pair.ts';

interface Row {
  kind: string;
  ratio?: number;
  probability?: number;
  ratios?: number[];
  probabilities?: number[];
  epsilon: number;
  p: number;
  q: number;
  divergence: number;
}

function pairOf({ kind, ratio = 0, probability = 0, ratios = [], probabilities = [] }: Row): DominatingPair {
  if (kind === 'gaussian') return gaussianPair(ratio);
  if (kind === 'remove') return sampledRemovePair(probability, gaussianPair(ratio));
  if (kind === 'add') return sampledAddPair(probability, gaussianPair(ratio));
  if (kind === 'replace') return sampledReplacePair(probability, ratio);
  return mixturePairs(ratios, probabilities)[kind === 'mixture-remove' ? 0 : 1] as DominatingPair;
}

describe('tails of pairs', () => {
  it.each([...new Set(vectors.tails.map(({ kind }) => kind))])(
    '%s, within a quarter of what certification allows',
    (kind) => {
      const out = newTails();
      const allowed = EVALUATION_ERROR / 4;
      for (const row of (vectors.tails as Row[]).filter((r) => r.kind === kind)) {
        pairOf(row).evaluate(row.epsilon, out);
        if (row.p < 1e-290) continue;
        expect(Math.abs(out.p / row.p - 1)).toBeLessThanOrEqual(allowed);
        if (row.q > 1e-290) expect(Math.abs(out.q / row.q - 1)).toBeLessThanOrEqual(allowed);
        expect(Math.abs(out.divergence - row.divergence)).toBeLessThanOrEqual(allowed * row.p);
      }
    },
  );

  it('of Laplace noise agree with their own definition', () => {
    const out = newTails();
    for (const ratio of [0.01, 1, 5]) {
      for (const epsilon of [-2 * ratio, -ratio * (1 - 1e-9), -0.3 * ratio, 0, 0.7 * ratio, ratio, 2 * ratio]) {
        laplacePair(ratio).evaluate(epsilon, out);
        expect(out.divergence).toBeCloseTo(out.p - Math.exp(epsilon) * out.q, 13);
        expect(out.divergence).toBeGreaterThanOrEqual(Math.max(0, -Math.expm1(epsilon)) - 1e-15);
      }
    }
  });

  it('of atoms are the sums over them', () => {
    const atoms = [-1.5, -0.2, 0.1, 0.9, 2].map((loss, i) => ({ loss, mass: 0.15 + 0.01 * i }));
    const pair = atomicPair(atoms, 0.05);
    const out = newTails();
    for (const epsilon of [-2, -1.5, -0.5, 0, 0.1, 0.5, 1.999, 2, 3]) {
      pair.evaluate(epsilon, out);
      const above = atoms.filter(({ loss }) => loss > epsilon);
      const divergence = above.reduce((sum, { loss, mass }) => sum + mass * (1 - Math.exp(epsilon - loss)), 0.05);
      expect(out.p).toBeCloseTo(
        above.reduce((sum, { mass }) => sum + mass, 0.05),
        14,
      );
      expect(out.q).toBeCloseTo(
        above.reduce((sum, { loss, mass }) => sum + mass * Math.exp(-loss), 0),
        13,
      );
      expect(out.divergence).toBeCloseTo(divergence, 14);
    }
    expect(pair.atoms[0]).toBe(2);
  });

  it('binomial tails', () => {
    expect(binomialUpperTail(10, 0.5, 0)).toBe(1);
    expect(binomialUpperTail(10, 0.5, 11)).toBe(0);
    expect(binomialUpperTail(10, 0.5, 5)).toBeCloseTo(638 / 1024, 14);
    expect(binomialUpperTail(10, 0.5, 10)).toBeCloseTo(1 / 1024, 16);
    expect(binomialUpperTail(60000, 256 / 60000, 320) / 6.191610429896505e-5).toBeCloseTo(1, 12);
  });
});
