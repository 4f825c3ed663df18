import { describe, expect, it } from 'vitest';
import { brokenNames } from '../../test/support/broken-names.ts';
import { contributionOf } from '../../test/robust-setup.ts';
import type { Contribution } from '../aggregate/contract.ts';
import { coordinateMedian } from '../aggregate/robust/coordinate-median.ts';
import type { RobustAggregator } from '../aggregate/robust/rule.ts';
import type { UpdateList } from '../aggregate/robust/update-list.ts';
import { FedkitError } from '../errors.ts';
import { robustAggregatorLaws } from './robust-aggregator.ts';

const SIZE = 11;
describe('robust aggregator laws', () => {
  const right = coordinateMedian(SIZE);
  const lawsOf = (aggregator: RobustAggregator) =>
    robustAggregatorLaws({
      aggregator,
      contribution: contributionOf(SIZE),
      byzantine: 3,
      ensureBound(result) {
        if (result.some((value) => Math.abs(value) > 1e6)) throw new Error('expected a result near the honest ones');
      },
    });
  const wrong = (mistake: Partial<RobustAggregator>): RobustAggregator => ({ ...right, ...mistake });

  it('find a rule that lets 1e30 through', async () => {
    const largest: RobustAggregator = wrong({
      finalize(list: UpdateList) {
        const entries = list.entries('test').filter(({ values }) => values !== undefined);
        return (entries[0].values as Float32Array).slice();
      },
    });
    expect(await brokenNames(lawsOf(largest))).toContain(
      'updates of 1e30 move the result no further than the stated bound',
    );
  });

  it('find a rule that throws at NaN, and one that forgets whom it excluded', async () => {
    const law = 'non-finite updates are set aside and named';
    const strict = wrong({
      accumulate(list: UpdateList, contribution: Contribution) {
        if (!contribution.values.every(Number.isFinite)) throw new FedkitError('OUT_OF_RANGE', 'test: finite values');
        return right.accumulate(list, contribution);
      },
    });
    expect(await brokenNames(lawsOf(strict))).toContain(law);
    expect(await brokenNames(lawsOf(wrong({ excluded: () => [] })))).toContain(law);
  });

  it('find a rule that lets a client report twice', async () => {
    let count = 0;
    const lax = wrong({
      accumulate: (list: UpdateList, contribution: Contribution) =>
        right.accumulate(list, { ...contribution, client: `${contribution.client} ${count++}` }),
    });
    expect(await brokenNames(lawsOf(lax))).toContain(
      'a contribution without a client, and a second one of a client, are refused',
    );
  });
});
