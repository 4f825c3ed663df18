import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DRAWINGS, PICTURES } from './draw.ts';
import { barPicture, curvePicture } from './picture.ts';

const page = readFileSync(join(PICTURES, '../../techniques.md'), 'utf8');

describe('the pictures of docs/techniques.md', () => {
  it.each(Object.keys(DRAWINGS))('%s shows what bench/results says, and stands on the page', (name) => {
    expect(readFileSync(join(PICTURES, `${name}.svg`), 'utf8')).toBe(DRAWINGS[name].draw());
    expect(page).toContain(`(pictures/techniques/${name}.svg)`);
  });

  it('belong to every technique', () => {
    const sections = page.split(/^## /m).slice(1);
    const without = sections.filter((section) => !section.includes('(pictures/techniques/'));
    expect(without.map((section) => section.split('\n')[0])).toEqual([]);
  });

  it('draw bars as long as their values', () => {
    const svg = barPicture('t', [
      { label: 'a', value: 1, text: '1' },
      { label: 'b', value: 2, half: 0.5, text: '2' },
    ]);
    const [one, two] = [...svg.matchAll(/height="18" fill="#0072b2"/g)].map(({ index }) =>
      Number(/width="([\d.]+)" $/.exec(svg.slice(0, index))?.[1]),
    );
    expect(two).toBeCloseTo(2 * one, 0);
    expect(curvePicture('t', { a: [3, 2], b: [2, 1] }, 1)).toMatch(/^<svg xmlns="[^"]+" viewBox="0 -30 /);
  });
});
