import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import table from '../../test/vectors/graph-parameters.json' with { type: 'json' };
import lying from '../../test/vectors/lying-server-graphs.json' with { type: 'json' };
import {
  checkGraph,
  completeThreshold,
  corruptBounds,
  corruptClients,
  type Guarantee,
  graphParameters,
  leastInOneSum,
} from './graph-parameters.ts';
import { hypergeometric, leastUpper } from './hypergeometric.ts';

const published = table.vectors.map(({ source, ...vector }) => (source === undefined ? { ...vector } : vector));
const derived = lying.vectors.map(({ honestInOneSum, ...vector }) => ({
  honestInOneSum,
  ...vector,
  adversary: 'semi-malicious' as const,
  guarantee: vector.guarantee as Guarantee,
}));

describe('graphParameters', () => {
  it.each([
    [40, 124, 98],
    [50, 130, 104],
    [59, 136, 109],
    [80, 152, 124],
  ])('against 2^(σ − 40) tries of the ring, σ = %s: %s/%s, as the threat model says', (sigma, degree, threshold) => {
    const adversary = 'semi-malicious' as const;
    const assumptions = { clients: 1000, corruptFraction: 0.05, dropoutFraction: 0.05, adversary, sigma };
    expect(graphParameters(assumptions)).toEqual({ degree, threshold });
  });

  it.each(published.filter(({ adversary }) => adversary === 'curious'))(
    '$clients clients, γ $corruptFraction, δ $dropoutFraction, curious, η $eta',
    ({ degree, threshold, ...vector }) => {
      const assumptions = { ...vector, adversary: 'curious' } as const;
      expect(graphParameters(assumptions)).toEqual({ degree, threshold });
      checkGraph({ kind: 'harary', degree, threshold }, assumptions);
    },
  );

  it.each(published.filter(({ adversary }) => adversary === 'semi-malicious'))(
    '$clients clients, γ $corruptFraction, δ $dropoutFraction: what Google asks of a lying server, 2t > k + C, is too little',
    ({ degree, threshold, ...vector }) => {
      // fcp's rule keeps both kinds of share of one client apart and no more: these rings were open to a server that lies.
      const { clients, corruptFraction, sigma } = vector;
      const tail = hypergeometric(clients, Math.floor(corruptFraction * clients), degree);
      const corrupt = leastUpper(tail, 2 ** -(sigma + 1) / clients);
      expect(Math.ceil((corrupt + degree - 1.25) / 2) + 1).toBe(threshold);
      const assumptions = { ...vector, adversary: 'semi-malicious' } as const;
      if (degree === clients - 1) return;
      expect(() => checkGraph({ kind: 'harary', degree, threshold }, assumptions)).toThrow(/threshold: expected ≥/);
    },
  );

  it.each(derived)(
    '$clients clients, γ $corruptFraction, δ $dropoutFraction, $guarantee: $degree/$threshold',
    ({ degree, threshold, honestInOneSum, ...assumptions }) => {
      if (degree === null || threshold === null) {
        expect(graphParameters(assumptions).degree).toBe(assumptions.clients - 1);
        return;
      }
      expect(graphParameters(assumptions)).toEqual({ degree, threshold });
      const ring = { kind: 'harary', degree, threshold } as const;
      checkGraph(ring, assumptions);
      expect(() => checkGraph({ ...ring, threshold: threshold - 1 }, assumptions)).toThrow(/threshold: expected ≥/);
      if (honestInOneSum !== undefined) expect(leastInOneSum({ degree, threshold }, assumptions)).toBe(honestInOneSum);
    },
  );

  it('asks of cohort at least what one-sum asks, whatever the assumptions', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 5000 }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        (clients, corruptFraction, dropoutFraction, half) => {
          const degree = Math.min(2 * half, 2 * Math.floor((clients - 2) / 2));
          const assumptions = { clients, corruptFraction, dropoutFraction, adversary: 'semi-malicious' } as const;
          const least = (guarantee: Guarantee): number => {
            for (let threshold = 2; threshold <= degree + 1; threshold++) {
              try {
                checkGraph({ kind: 'harary', degree, threshold }, { ...assumptions, guarantee });
                return threshold;
              } catch {
                // One more.
              }
            }
            return degree + 2;
          };
          const { neighbours, halfNeighbours } = corruptBounds(assumptions, degree);
          const threshold = least('one-sum');
          expect(least('cohort')).toBeGreaterThanOrEqual(threshold);
          if (threshold > degree) return;
          expect(2 * threshold).toBeGreaterThan(degree + Math.min(neighbours, 2 * halfNeighbours));
          const proved = leastInOneSum({ degree, threshold }, assumptions);
          expect(proved).toBeLessThanOrEqual(clients - corruptClients(assumptions));
          expect(proved).toBeGreaterThanOrEqual(1);
        },
      ),
      { seed: 15, numRuns: 60 },
    );
  });

  it('falls back to the complete graph for small cohorts', () => {
    const assumptions = { corruptFraction: 0.2, dropoutFraction: 0.2, adversary: 'semi-malicious' } as const;
    expect(graphParameters({ clients: 5, ...assumptions })).toEqual({ degree: 4, threshold: 4 });
    expect(completeThreshold({ clients: 3, corruptFraction: 0, dropoutFraction: 0, adversary: 'curious' })).toBe(3);
  });

  it('says which bound fails', () => {
    expect(() =>
      graphParameters({ clients: 100, corruptFraction: 0.33, dropoutFraction: 0.45, adversary: 'semi-malicious' }),
    ).toThrow(/need at least 68 survivors for privacy and may keep only 55/);
    const assumptions = { clients: 1000, corruptFraction: 0.05, dropoutFraction: 0.05, adversary: 'curious' } as const;
    expect(() => checkGraph({ kind: 'harary', degree: 30, threshold: 9 }, assumptions)).toThrow(
      /threshold: expected ≥/,
    );
    expect(() => checkGraph({ kind: 'harary', degree: 8, threshold: 6 }, assumptions)).toThrow(/connected/);
    expect(() => checkGraph({ kind: 'complete', degree: 999, threshold: 50 }, assumptions)).toThrow(/threshold/);
  });

  it.each([
    [{ clients: 1 }, 'OUT_OF_RANGE'],
    [{ clients: 1_000_001 }, 'OUT_OF_RANGE'],
    [{ corruptFraction: 1 }, 'OUT_OF_RANGE'],
    [{ corruptFraction: -0.1 }, 'OUT_OF_RANGE'],
    [{ dropoutFraction: Number.NaN }, 'OUT_OF_RANGE'],
    [{ sigma: 0 }, 'OUT_OF_RANGE'],
    [{ eta: 2.5 }, 'OUT_OF_RANGE'],
    [{ adversary: 'malicious' as 'curious' }, 'INVALID_ARGUMENT'],
  ])('refuses %o', (wrong, code) => {
    const assumptions = { clients: 100, corruptFraction: 0.1, dropoutFraction: 0.1, adversary: 'curious' as const };
    expect(() => graphParameters({ ...assumptions, ...wrong })).toThrow(expect.objectContaining({ code }));
  });
});
