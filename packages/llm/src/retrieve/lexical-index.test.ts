import { describe, expect, it } from 'vitest';
import { fuseRankings, lexicalIndex } from './lexical-index.ts';

const passages = ['the cat sat on the mat', 'the dog sat', 'a bird'].map((text) => text.split(' '));

describe('BM25', () => {
  it('is the formula, counted by hand', () => {
    const scores = lexicalIndex(passages).scores(['cat', 'sat', 'fish']);
    const rarity = (n: number) => Math.log(1 + (3 - n + 0.5) / (n + 0.5));
    const part = (length: number) => 2.2 / (1 + 1.2 * (0.25 + (0.75 * length) / (11 / 3)));
    expect(scores[0]).toBeCloseTo((rarity(1) + rarity(2)) * part(6), 12);
    expect(scores[1]).toBeCloseTo(rarity(2) * part(3), 12);
    expect(scores[2]).toBe(0);
  });

  it('never counts against a passage, and refuses what is no weight', () => {
    expect(lexicalIndex(passages).scores(['the'])[0]).toBeGreaterThan(0);
    expect(lexicalIndex([]).scores(['the']).length).toBe(0);
    expect(() => lexicalIndex(passages, { b: 2 })).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

describe('fused rankings', () => {
  it('put first what several have in front', () => {
    const fused = fuseRankings([
      [9, 8, 0, 1],
      [0, 8, 1, 9],
    ]);
    expect(fused[1]).toBeGreaterThan(fused[0]);
    expect(fused[0]).toBeCloseTo(1 / 61 + 1 / 64, 12);
    // Equal scores share the middle.
    expect([...fuseRankings([[5, 5, 5]])].every((score) => Math.abs(score - 1 / 62) < 1e-15)).toBe(true);
  });
});
