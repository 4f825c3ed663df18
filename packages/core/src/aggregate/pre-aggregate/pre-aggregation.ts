/**
 * Mixing updates before a rule sees them.
 *
 * @module
 */
import { refuse } from '../../check.ts';
import type { Aggregator, ClientId } from '../contract.ts';
import { type RobustAggregator, robustAggregator, type RobustRule, type Updates } from '../robust/rule.ts';

/** A rule that says how long its updates are. */
export type SizedAggregator<A> = Aggregator<A, Float32Array> & { readonly size: number };

/**
 * Puts a mixing step in front of a rule: `nearestNeighborMixing({ byzantine: 2 })(coordinateMedian(size))`. The result is
 * a rule again, so steps stack. It holds every update, O(n·d), and the rule behind it holds what was mixed while
 * `finalize` runs. `context` goes to the rule behind.
 */
export type PreAggregation = <A>(rule: SizedAggregator<A>) => RobustAggregator;

/** What a mixing step hands to the rule behind it; `values` may be reused. */
export type Emit = (client: ClientId, values: Float32Array, weight: number) => void;

/** The step that hands what `mix` emits to the rule behind it. */
export function preAggregation(
  name: string,
  options: NonNullable<RobustRule['options']>,
  minimum: NonNullable<RobustRule['minimum']>,
  mix: (updates: Updates, emit: Emit) => void,
): PreAggregation {
  return <A>(rule: SizedAggregator<A>): RobustAggregator => {
    if (typeof rule?.accumulate !== 'function' || typeof rule.size !== 'number') {
      refuse('INVALID_ARGUMENT', `${name}: rule`, 'an aggregator of one vector with a size', rule);
    }
    return robustAggregator({
      name,
      size: rule.size,
      options: { ...options, rule: rule.kind },
      minimum,
      reference: 'optional',
      checkContext: (context) => rule.dispose(rule.create(context)),
      combine: (updates) => {
        const inner = rule.create(updates.reference === undefined ? {} : { reference: updates.reference });
        try {
          mix(updates, (client, values, weight) => rule.accumulate(inner, { client, values, weight }));
          return rule.finalize(inner);
        } finally {
          rule.dispose(inner);
        }
      },
    });
  };
}
