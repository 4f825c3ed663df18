import { describe, expect, it } from 'vitest';
import { chart, ticks } from './chart.ts';

describe('chart', () => {
  const panel = {
    title: 'a < b',
    x: 'round',
    y: 'accuracy',
    curves: [
      {
        label: 'one',
        points: [
          [1, 0],
          [2, 0.5],
          [3, Number.NaN],
        ] as [number, number][],
      },
      { label: 'two', points: [[1, 1]] as [number, number][] },
    ],
  };

  it('is one SVG, with every curve and its label, and text escaped', () => {
    const svg = chart('two & two', [panel, panel, panel, panel]);
    expect(svg.match(/<svg /g)?.length).toBe(1);
    expect(svg.match(/<title>one<\/title>/g)?.length).toBe(4);
    expect(svg.match(/>two<\/text>/g)?.length).toBe(1);
    expect(svg).toContain('two &#38; two');
    expect(svg).toContain('a &#60; b');
    expect(svg).not.toContain('NaN');
  });

  it('has each label of the legend in a place of its own, within the picture', () => {
    const curves = Array.from({ length: 7 }, (_, i) => ({
      label: `curve ${i}`,
      points: [[1, i]] as [number, number][],
    }));
    for (const count of [1, 3]) {
      const svg = chart(
        'many',
        Array.from({ length: count }, () => ({ ...panel, curves })),
      );
      const [, width, height] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number);
      const places = [...svg.matchAll(/<text x="(\d+)" y="(\d+)">curve \d</g)].map(([, x, y]) => [
        Number(x),
        Number(y),
      ]);
      expect(places).toHaveLength(7);
      for (const [i, [x, y]] of places.entries()) {
        expect(x).toBeLessThan(width);
        expect(y).toBeLessThan(height);
        for (const [x2, y2] of places.slice(0, i)) expect(Math.abs(x - x2) >= 160 || Math.abs(y - y2) >= 14).toBe(true);
      }
    }
  });

  it('has round ticks within the range', () => {
    expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(0.13, 0.98)).toEqual([0.2, 0.4, 0.6, 0.8]);
    expect(ticks(1, 200)).toEqual([50, 100, 150, 200]);
    expect(ticks(3, 3)).toEqual([3]);
  });
});
