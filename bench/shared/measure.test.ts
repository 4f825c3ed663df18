import { describe, expect, it } from 'vitest';
import { interleave, median, table } from './measure.ts';

describe('interleave', () => {
  it('takes the candidates in turn, every other round backwards, and the median of each, warm-up aside', async () => {
    const calls: string[] = [];
    const candidate = (name: string, times: number[]) => () => {
      calls.push(name);
      return times[calls.filter((call) => call === name).length - 1];
    };
    const times = await interleave({ a: candidate('a', [99, 99, 3, 1, 2]), b: candidate('b', [0, 0, 5, 5, 80]) }, 3);
    expect(times).toEqual({ a: 2, b: 5 });
    expect(calls.join('')).toBe('abbaabbaab');
  });

  it('has the mean of the middle two of an even number', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe('table', () => {
  it('is aligned Markdown', () => {
    expect(table(['name', 'ms'], [['a', '10.5']])).toBe('| name |   ms |\n|------|-----:|\n| a    | 10.5 |');
  });
});
