import { expect, it } from 'vitest';
import quadratics from '../../test/fixture/experiment.ts';
import { rowsOf } from './cells.ts';
import type { Experiment } from './definition.ts';
import { page } from './page.ts';
import { summarize } from './summary.ts';

/** The page of runs of two points each. */
function html(changed: Partial<Experiment>, seconds?: number): string {
  const experiment: Experiment = { ...quadratics, ...changed };
  const run = (seed: number, i: number) => ({
    curve: [0, 12].map((round) => ({
      round,
      bytesUp: 10 * round,
      bytesDown: 0,
      measures: { distance: 1 / (1 + round + seed + i) },
      ...(seconds !== undefined && { seconds: seconds * round }),
    })),
    milliseconds: 1,
  });
  const runs = (i: number) => Array.from({ length: experiment.seeds }, (_, seed) => run(seed, i));
  const rows = rowsOf(experiment).map((row, i) => ({ row, parameters: { rate: 0.1, mu: 0.01 }, runs: runs(i) }));
  return page(experiment, summarize(experiment, rows));
}

it('counts one seed as one, and says what it is worth', () => {
  const one = html({ seeds: 1, rounds: 1, tuning: { ...quadratics.tuning, seeds: 1, budget: 1 } });
  expect(one).toContain('<li>One seed of 1 round: no intervals, and no difference that means anything.</li>');
  expect(one).toContain('<li>Each row tried 1 configuration on 1 seed and clients that are not in the table;');
  expect(one).not.toMatch(/1 (seeds|rounds|configurations)\b/);
  expect(one).not.toMatch(/NaN|Infinity|undefined/);
  const three = html({});
  expect(three).toContain('<li>3 seeds of 12 rounds; intervals are 95 % of Student');
});

it('lets words of a wide table wrap, and keeps numbers in one piece', () => {
  const table = /<table>[\s\S]*<\/table>/.exec(html({}))?.[0] ?? '';
  expect(table).toContain('<td>rate 0.1, mu 0.01 (edge)</td>');
  expect(table).toMatch(/<td class="number">0\.\d+ ± /);
  expect(table).toMatch(/<td class="number">-0\.\d+ ± /);
  expect(html({})).not.toContain('border-bottom:1px solid #ddd;white-space:nowrap');
});

it('draws what a virtual clock said where there was one', () => {
  expect(html({})).not.toContain('virtual seconds');
  expect(html({}, 3)).toContain('virtual seconds');
});
