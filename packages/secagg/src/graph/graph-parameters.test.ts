import { describe, expect, it } from 'vitest';
import published from '../../test/vectors/graph-parameters.json' with { type: 'json' };
import { type Adversary, checkGraph, completeThreshold, graphParameters } from './graph-parameters.ts';

describe('graphParameters', () => {
  it.each(published.vectors)(
    '$clients clients, γ $corruptFraction, δ $dropoutFraction, $adversary, η $eta',
    (vector) => {
      const { degree, threshold, source: _, ...assumptions } = vector;
      const parameters = graphParameters({ ...assumptions, adversary: assumptions.adversary as Adversary });
      expect(parameters).toEqual({ degree, threshold });
      checkGraph({ kind: 'harary', ...parameters }, { ...assumptions, adversary: assumptions.adversary as Adversary });
    },
  );

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
