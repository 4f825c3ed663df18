/**
 * Trees of Gaussian noise (Kairouz et al. 2021, Appendix D).
 *
 * @module
 */
import { checkInteger } from '@fedkit/core/internal';
import { NONE, type SupportRow } from '../../support.ts';
import { checkFields, checkList, checkNoise, type Fields } from '../check-fields.ts';
import { type EventKind, made } from '../kind.ts';
import type { Made, TreeAggregationEvent } from '../types.ts';

/** @internal */
export const TREE_ROW: SupportRow = { event: 'tree-aggregation', pld: NONE, rdp: { 'replace-special': 'bound' } };

/**
 * Every prefix sum of one or several trees of Gaussian noise (Kairouz et al. 2021).
 *
 * @param options - `noiseStd` and `recordNorm` > 0; `steps` between restarts, each ≥ 1.
 * @throws FedkitError `OUT_OF_RANGE`, `INVALID_ARGUMENT`.
 */
export function treeAggregation(options: Fields<TreeAggregationEvent>): Made<TreeAggregationEvent> {
  const where = 'event.treeAggregation';
  checkFields<TreeAggregationEvent>(where, options, { noiseStd: true, recordNorm: true, steps: true });
  const noise = checkNoise(where, options);
  const steps = checkList(`${where}: steps`, options.steps, 4096).map((n, i) =>
    checkInteger(`${where}: steps[${i}]`, n, 1, 2 ** 50),
  );
  return made(TREE_AGGREGATION, { kind: 'tree-aggregation', ...noise, steps });
}

/** @internal */
export const TREE_AGGREGATION: EventKind<TreeAggregationEvent> = {
  check: treeAggregation,
  known: ({ noiseStd, recordNorm, steps }) => ({
    row: TREE_ROW,
    divergence: () => {
      const ratio = recordNorm / noiseStd;
      // One record is in one leaf of one tree, hence in as many nodes as that tree is deep.
      const depth = steps.reduce((max, count) => Math.max(max, treeDepth(count)), 0);
      return (order) => 0.5 * order * depth * ratio * ratio;
    },
  }),
};

/** ⌈log2(steps + 1)⌉, in integers. */
function treeDepth(steps: number): number {
  let depth = 0;
  for (let leaves = 1; leaves < steps + 1; leaves *= 2) depth++;
  return depth;
}
