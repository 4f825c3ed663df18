import { describe, expect, it } from 'vitest';
import { rmsOverSpread, saturationOf } from './saturation.ts';

describe('saturation', () => {
  const known = { contributors: 8, slots: 2, entries: 500 };
  const marked = (clipped: number, wide: number, overwide: number, widths: number[] = []) =>
    saturationOf({ ...known, counts: [clipped, wide, overwide] }, widths)?.marked;

  it('is marked above one entry in 1,000, three clients in four of each slot, one overwide, 1.25 spreads; not at them', () => {
    expect([marked(4, 0, 0), marked(5, 0, 0)]).toEqual([false, true]);
    expect([marked(0, 12, 0), marked(0, 13, 0)]).toEqual([false, true]);
    expect(marked(0, 0, 1)).toBe(true);
    expect([marked(0, 0, 0, [0.3, 1.25]), marked(0, 0, 0, [1.26, 0.3])]).toEqual([false, true]);
    expect(marked(0, 0, 0, [Number.NaN])).toBe(true);
  });

  it('says what is known, and nothing of nothing', () => {
    expect(saturationOf(known, [])).toBeUndefined();
    expect(saturationOf(known, [0.5, 0.25])).toEqual({ rmsOverSpread: 0.5, marked: false });
    expect(saturationOf({ ...known, counts: [1, 2, 3] }, [])).toEqual({
      clippedEntries: 1,
      wideClients: 2,
      overwideClients: 3,
      marked: true,
    });
  });

  it('measures residues around zero', () => {
    // 14 and 18 are −2 and 2 modulo 16, of half a ring of 8 = 4 spreads of 2.
    expect(rmsOverSpread(Int32Array.of(14, 18), 4, 4)).toBe(1);
    expect(rmsOverSpread(new Int32Array(0), 4, 4)).toBe(0);
  });
});
