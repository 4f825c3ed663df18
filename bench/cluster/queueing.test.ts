import { describe, expect, it } from 'vitest';
import { foldingTime, makespan, piecesAt } from './queueing.ts';

describe('a model of queueing', () => {
  it('is exact where the answer is known', () => {
    const crew = { workers: 1, cores: 1, overhead: 0 };
    expect(makespan({ tasks: 7, work: 2 }, crew)).toBeCloseTo(14);
    expect(makespan({ tasks: 7, work: 2 }, { ...crew, overhead: 0.5 })).toBeCloseTo(17.5);
    // Three rounds of two on a core each, and one alone.
    expect(makespan({ tasks: 7, work: 2 }, { ...crew, workers: 2, cores: 2 })).toBeCloseTo(8);
    // Four on two cores: as fast as two until the last three, of which each has two thirds of a core.
    expect(makespan({ tasks: 7, work: 2 }, { ...crew, workers: 4, cores: 2 })).toBeCloseTo(4 + 3);
    expect(makespan({ tasks: 0, work: 2 }, crew)).toBe(0);
    // More workers than tasks are none too many.
    expect(makespan({ tasks: 3, work: 2 }, { ...crew, workers: 100, cores: 100 })).toBeCloseTo(2);
  });

  it('never does more work than its cores can, and less time never comes of more work', () => {
    for (const workers of [1, 2, 3, 4, 9]) {
      for (const cores of [1, 2, 8]) {
        let before = 0;
        for (const tasks of [1, 2, 5, 16]) {
          const time = makespan({ tasks, work: 1 }, { workers, cores, overhead: 0.1 });
          expect(time).toBeGreaterThanOrEqual((1.1 * tasks) / Math.min(workers, cores) - 1e-9);
          expect(time).toBeGreaterThanOrEqual(before);
          before = time;
        }
      }
    }
  });

  it('merges in steps where it is told to', () => {
    const piece = (parameters: number) => ({
      parameters,
      fold: 0,
      report: 1e-8 * parameters,
      merge: 0,
      part: 1e-8 * parameters,
    });
    const costs = { pieces: [piece(1e3), piece(1e4)], overhead: 0, round: 0.1 };
    const folding = { reports: 64, parameters: 1e6, shard: 4, workers: 16, cores: 16 };
    const flat = foldingTime(costs, folding);
    expect(flat.fold).toBeCloseTo(0.04);
    expect(flat.merge).toBeCloseTo(0.16);
    expect(flat.total).toBeCloseTo(0.3);
    expect(foldingTime(costs, { ...folding, fanIn: 4 }).merge).toBeCloseTo(0.08);
  });

  it('reads pieces off lines between sizes, and goes on along the last', () => {
    const sizes = [
      { parameters: 10, fold: 1, report: 2, merge: 3, part: 4 },
      { parameters: 20, fold: 2, report: 2, merge: 5, part: 4 },
      { parameters: 40, fold: 6, report: 3, merge: 6, part: 4 },
    ];
    for (const size of sizes) expect(piecesAt(sizes, size.parameters)).toEqual(size);
    expect(piecesAt(sizes, 30)).toEqual({ parameters: 30, fold: 4, report: 2.5, merge: 5.5, part: 4 });
    expect(piecesAt(sizes, 80)).toEqual({ parameters: 80, fold: 14, report: 5, merge: 8, part: 4 });
    // Nothing costs less than nothing.
    expect(piecesAt(sizes, 0)).toEqual({ parameters: 0, fold: 0, report: 2, merge: 1, part: 4 });
  });
});
