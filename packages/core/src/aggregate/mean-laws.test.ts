import { describe, it } from 'vitest';
import { contributionOf } from '../../test/robust-setup.ts';
import { withoutWebAssembly } from '../../test/support/plain-engine.ts';
import { aggregatorLaws } from '../conformance/aggregator.ts';
import { checkLaws, type Law } from '../conformance/law.ts';
import { mean, sum, weightedMean } from './mean.ts';
import { record } from './record.ts';

/** Long enough for a memory of its own where there is WebAssembly. */
const SIZE = 1031;
const contribution = contributionOf(SIZE);
const plain = (law: Law): Law => ({ ...law, run: () => withoutWebAssembly(() => law.run()) });

for (const engine of ['WebAssembly', 'plain'] as const) {
  const lawsOf = (laws: Law[]) => (engine === 'plain' ? laws.map(plain) : laws);
  for (const aggregator of [weightedMean<number>(SIZE), mean<number>(SIZE), sum<number>(SIZE)]) {
    describe(`${aggregator.kind} (${engine})`, () => {
      checkLaws(it, lawsOf(aggregatorLaws({ aggregator, contribution })));
    });
  }
}

describe('record', () => {
  const aggregator = record({ update: weightedMean<number>(SIZE), control: mean<number>(SIZE), steps: sum(1) });
  checkLaws(
    it,
    aggregatorLaws({
      aggregator,
      contribution(index) {
        const { values, ...rest } = contribution(index);
        return { ...rest, values: { update: values, control: values.map((x) => -x / 3), steps: index } };
      },
    }),
  );
});
