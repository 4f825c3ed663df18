/**
 * Robust rules against published results.
 *
 * @module
 */
import type { AggregationContext, Aggregator } from '../aggregate/contract.ts';
import { ensure, type Law } from './law.ts';
import { robustVectors } from './vectors/robust.ts';

/**
 * One law for every vector there is of `rule`.
 *
 * @param rule - As in {@link robustVectors}: `krum`, `trimmedMean`, ….
 * @param make - The rule for updates of that size, with a vector's options.
 */
export function robustVectorLaws<A>(
  rule: string,
  make: (size: number, options: Readonly<Record<string, number | string>>) => Aggregator<A, Float32Array>,
): Law[] {
  return robustVectors
    .filter((vector) => vector.rule === rule)
    .map(({ id, options, updates, weights, reference, expected, tolerance, source }) => ({
      name: `gives what ${id} gives`,
      run() {
        const aggregator = make(expected.length, options);
        const context: AggregationContext = reference === undefined ? {} : { reference: Float32Array.from(reference) };
        const accumulator = aggregator.create(context);
        const digits = `${updates.length}`.length;
        updates.forEach((values, i) => {
          const client = `${i}`.padStart(digits, '0');
          aggregator.accumulate(accumulator, { client, values: Float32Array.from(values), weight: weights?.[i] ?? 1 });
        });
        const result = aggregator.finalize(accumulator);
        ensure(result.length === expected.length, `${expected.length} values, got ${result.length}`);
        result.forEach((value, c) =>
          ensure(
            Math.abs(value - expected[c]) <= tolerance,
            `${expected[c]} ± ${tolerance} at ${c}, as in ${source}, got ${value}`,
          ),
        );
      },
    }));
}
