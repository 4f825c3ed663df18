import type { RoundRecord } from '@fedkit/core/round';
import { describe, expect, it } from 'vitest';
import { recomputed } from './federation.ts';
import { judge, type Witness } from './judge.ts';

const record = (round: number, contributors: readonly string[], outcome: RoundRecord['outcome'] = 'published') =>
  ({ round, outcome, contributors }) as unknown as RoundRecord;
const records = [record(1, ['a', 'b']), record(2, [], 'abandoned'), record(3, ['b'])];
const witness = (name: string, acknowledged: readonly number[], sent: readonly number[] = acknowledged): Witness => ({
  name,
  acknowledged: new Map(acknowledged.map((round) => [round, round])),
  sent: new Set(sent),
});
const params = recomputed(records);

describe('the judge of a soak', () => {
  it('finds nothing where nothing is wrong', () => {
    // b's last acknowledgement was lost; a's is of the round under way.
    expect(judge(records, [witness('a', [1, 4]), witness('b', [1], [1, 3])], params)).toEqual({
      problems: [],
      acknowledged: 2,
    });
  });

  it.each([
    ['lost', records, [witness('a', [1, 3]), witness('b', [1, 3])], params, 'a: acknowledged in round 3, and 0 times'],
    [
      'lost with its round',
      records,
      [witness('a', [1, 2]), witness('b', [1, 3])],
      params,
      'a: acknowledged in round 2',
    ],
    [
      'doubled',
      [record(1, ['a', 'a', 'b']), ...records.slice(1)],
      [witness('a', [1]), witness('b', [1, 3])],
      params,
      '2 times',
    ],
    ['made up', records, [witness('a', [1]), witness('b', [1])], params, 'b: in round 3, and never sent'],
    ['recorded twice', [...records, records[0]], [witness('a', [1]), witness('b', [1, 3])], params, 'two records'],
    ['another model', records, [witness('a', [1]), witness('b', [1, 3])], params.map((x) => -x), 'the model is not'],
    ['nothing', records, [witness('b', [], [1, 3])], params, 'nothing was acknowledged'],
  ] as const)('finds what was %s', (_name, found, witnesses, model, problem) => {
    expect(judge(found, witnesses, model as Float32Array).problems.join('\n')).toContain(problem);
  });
});
