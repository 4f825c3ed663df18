import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { placesOf, says } from './claim.ts';
import { claims } from './claims/index.ts';
import { derived, figure, fixed, quotient, significant, valueOf, written } from './figure.ts';
import { latest } from './history.ts';
import { departed, differences, withoutKey } from './pages.ts';
import { longRecords, named, rows } from './rows.ts';
import type { Ran } from './run.ts';
import { MOST_SECONDS, tooLong } from './seconds.ts';
import { statements } from './statements.ts';

const folder = mkdtempSync(join(tmpdir(), 'fedkit-report-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(
  join(folder, 'speed.json'),
  JSON.stringify({
    results: {
      runs: [
        { name: 'a/b', ms: 12.34 },
        { name: 'c', ms: 2 },
      ],
      word: 'slow',
      copy: 4,
    },
  }),
);

describe('pages', () => {
  it('quote what bench/results holds, each figure once', () => {
    expect(differences(claims)).toEqual([]);
  });
});

describe('numbers with a unit', () => {
  it('are quoted by key, or stated with the reason', () => {
    expect(withoutKey(claims, statements)).toEqual([]);
  });

  it('are stated only where a page still has them', () => {
    expect(departed(statements)).toEqual([]);
  });
});

describe('a key', () => {
  it('walks names, indices, elements by what they have, and the last', () => {
    expect(valueOf('speed/copy', folder)).toBe(4);
    expect(valueOf('speed/runs/0/ms', folder)).toBe(12.34);
    expect(valueOf('speed/runs/name=a÷b/ms', folder)).toBe(12.34);
    expect(valueOf('speed/runs/last/ms', folder)).toBe(2);
  });

  it.each(['speed/none', 'speed/word', 'speed/runs/7/ms', 'speed/runs/name=z/ms', 'none/copy'])(
    'is refused by name where nothing is: %s',
    (key) => {
      expect(() => valueOf(key, folder)).toThrow(key.split('/')[0]);
    },
  );

  it('is written as its page wants it', () => {
    expect(written(figure('speed/runs/0/ms', significant(2)), folder)).toBe('12');
    expect(written(figure('speed/runs/0/ms', significant(3, 1e-3)), folder)).toBe('0.0123');
    expect(written(quotient('speed/runs/0/ms', 'speed/copy', fixed(1)), folder)).toBe('3.1');
    const keys = ['speed/runs/0/ms', 'speed/runs/1/ms', 'speed/copy'];
    expect(
      written(
        derived(keys, (a, b, c) => (a + b) / c, fixed(2)),
        folder,
      ),
    ).toBe('3.58');
    expect([0, 1472.4, 43.6, 0.2949].map(significant(2))).toEqual(['0', '1472', '44', '0.29']);
  });
});

describe('a claim', () => {
  const claim = says('page.md')`takes ${figure('speed/copy', fixed(1))} ms (${figure('speed/runs/1/ms', fixed(0))} ×)`;

  it('is found whatever white space fills its line, with the numbers it has', () => {
    const [place, ...others] = placesOf(claim, 'It\ntakes  4.25\nms (1,300 ×). It took 3 ms (2 ×).');
    expect(others).toEqual([]);
    expect(place.numbers.map(({ text }) => text)).toEqual(['4.25', '1,300']);
  });

  it('is not found where its words differ', () => {
    expect(placesOf(claim, 'takes 4.0 s (2 ×)')).toEqual([]);
  });
});

describe('rows', () => {
  it('record every file that pages quote, each file from one row', () => {
    const files = [
      ...new Set(claims.flatMap(({ figures }) => figures.flatMap(({ keys }) => keys.map((key) => key.split('/')[0])))),
    ];
    const recorded = rows.flatMap(({ records }) => records);
    expect(new Set(recorded).size).toBe(recorded.length);
    expect(files.filter((file) => !recorded.includes(file) && !longRecords.includes(file))).toEqual([]);
  });

  it('run again in three minutes', () => {
    expect(tooLong(rows, latest())).toEqual([]);
  });

  it('are named where their last run took longer', () => {
    const [row] = rows;
    const held = (seconds: number) =>
      tooLong([row], new Map([[row.name, { row: row.name, commit: 'abc1234', seconds } as Ran]]));
    expect(held(MOST_SECONDS)).toEqual([]);
    expect(held(MOST_SECONDS + 1)).toEqual([`the row ${row.name} took 181 s at abc1234: 180 at most`]);
    expect(tooLong([row], new Map())).toEqual([]);
  });

  it('are found by name, and an unknown one is refused', () => {
    expect(named(['mean']).map(({ name }) => name)).toEqual(['mean']);
    expect(named([])).toBe(rows);
    expect(() => named(['men'])).toThrow('no row "men"');
  });
});
