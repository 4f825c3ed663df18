/**
 * From a function of all updates to an {@link Aggregator}.
 *
 * @module
 */
import { checkInteger, checkVector, refuse } from '../../check.ts';
import { MAX_VALUES } from '../../model/limits.ts';
import { utf8Encode } from '../../utf8.ts';
import type { AggregationContext, Aggregator, ClientId } from '../contract.ts';
import { isFiniteVector } from '../../finite.ts';
import { type DistanceMatrix, squaredDistances } from './distances.ts';
import { UpdateList } from './update-list.ts';
import { decodeUpdateList, encodeUpdateList } from './update-list-format.ts';

/**
 * An aggregator that some of its contributors may try to mislead. Unlike a mean it does not throw at a non-finite
 * update: one bad client must not stop the round. Such updates are set aside before the rule sees anything, and
 * reported by {@link RobustAggregator.excluded}.
 *
 * Every contribution names its client, and a client reports once: a second report is refused as `PROTOCOL_STATE`, across
 * `merge` too. Ties are broken by smallest client id, sums run in order of client id, so that neither order of arrival
 * nor sharding changes a bit.
 *
 * @typeParam A - The accumulator.
 * @typeParam M - Its memory: `O(n·d)` for rules that must see all updates at once and therefore merge by concatenation.
 */
export interface RobustAggregator<A = UpdateList, M extends 'O(d)' | 'O(n·d)' = 'O(n·d)'>
  extends Aggregator<A, Float32Array> {
  readonly linearity: 'perClient';
  readonly memory: M;
  /** Length d of the updates. */
  readonly size: number;
  /** Clients whose update held NaN or infinities and was set aside, ascending. */
  excluded(accumulator: A): ClientId[];
  /** Where the rule looks at each coordinate alone: the same rule for `size` of them, so that ranges can be had on several machines. */
  readonly range?: (size: number) => RobustAggregator<A, M>;
  /** Where the rule chooses among whole updates by their distances, and looks at each coordinate of the chosen alone: its two halves. */
  readonly choosing?: ChoosingRule;
}

/** A rule that goes by distances between whole updates first, and then by coordinates. */
export interface ChoosingRule {
  /**
   * @param distances - All squared distances between n updates, in ascending order of client id.
   * @returns Which of them count, ascending.
   * @throws FedkitError `THRESHOLD_NOT_MET` for too few updates.
   */
  choose(distances: DistanceMatrix, n: number): readonly number[];
  /** The chosen of n updates, or neighbouring coordinates of them, shape [chosen][length] → [length], fresh. */
  combine(chosen: readonly Float32Array[], n: number): Float32Array;
}

/** What a rule computes from: the finite updates in ascending order of client id. */
export interface Updates {
  readonly clients: readonly ClientId[];
  readonly values: readonly Float32Array[];
  readonly weights: readonly number[];
  readonly reference: Float32Array | undefined;
}

/** A rule as a function. */
export interface RobustRule {
  readonly name: string;
  readonly size: number;
  /** Written into `kind`, so that serialized accumulators of other options are refused. */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  /** Finite updates it needs, and how that number comes about. */
  readonly minimum?: { readonly count: number; readonly because: string };
  /** Whether `create` takes a reference; one that is not read is checked and left. Default `none`. */
  readonly reference?: 'none' | 'optional' | 'required';
  /** Refuses contexts that the rule cannot work with. */
  checkContext?(context: AggregationContext): void;
  /** Where it looks at each coordinate alone and reads no reference: itself, for `size` coordinates. */
  readonly range?: (size: number) => RobustAggregator;
  /** Shape [n][d] → [d], a fresh array; or the two halves of a rule that goes by distances. */
  readonly combine: ((updates: Updates) => Float32Array) | ChoosingRule;
}

/** The aggregator that applies `rule` to copies of all updates. */
export function robustAggregator(rule: RobustRule): RobustAggregator {
  const { name, reference: reads = 'none', minimum = { count: 1, because: '1' } } = rule;
  const size = checkInteger(`${name}: size`, rule.size, 1, MAX_VALUES);
  const kind = kindOf(rule);
  const checkCount = (count: number): void => {
    if (count >= minimum.count) return;
    const needed = `at least ${minimum.because === `${minimum.count}` ? '' : `${minimum.because} = `}${minimum.count}`;
    const plural = minimum.count === 1 ? '' : 's';
    refuse('THRESHOLD_NOT_MET', `${name}.finalize`, `${needed} finite update${plural}`, count);
  };
  const { combine } = rule;
  const own = (where: string, accumulator: UpdateList): UpdateList => {
    if (!(accumulator instanceof UpdateList) || accumulator.kind !== kind || accumulator.size !== size) {
      refuse('INVALID_ARGUMENT', `${name}.${where}`, `an accumulator of ${kind} for ${size} values`, accumulator);
    }
    return accumulator;
  };
  return {
    kind,
    linearity: 'perClient',
    memory: 'O(n·d)',
    size,
    ...(rule.range && { range: rule.range }),
    ...(typeof combine !== 'function' && {
      choosing: {
        ...combine,
        choose(distances: DistanceMatrix, n: number) {
          checkCount(n);
          return combine.choose(distances, n);
        },
      },
    }),
    create(context = {}) {
      const reference = checkReference(`${name}.create`, size, reads, context);
      rule.checkContext?.(context);
      return new UpdateList(kind, size, reference?.slice());
    },
    accumulate(accumulator, contribution) {
      own('accumulate', accumulator).add(`${name}.accumulate`, contribution);
      return accumulator;
    },
    retract(accumulator, contribution) {
      own('retract', accumulator).remove(`${name}.retract`, contribution.client);
      return accumulator;
    },
    checkMerge(into, from) {
      if (!(from instanceof UpdateList)) refuse('INVALID_ARGUMENT', `${name}.merge`, `an accumulator of ${kind}`, from);
      own('merge', into).checkAppend(`${name}.merge`, from);
    },
    merge(into, from) {
      if (!(from instanceof UpdateList)) refuse('INVALID_ARGUMENT', `${name}.merge`, `an accumulator of ${kind}`, from);
      own('merge', into).append(`${name}.merge`, from);
      return into;
    },
    finalize(accumulator) {
      const entries = own('finalize', accumulator).entries(`${name}.finalize`);
      const updates: { clients: ClientId[]; values: Float32Array[]; weights: number[] } = {
        clients: [],
        values: [],
        weights: [],
      };
      for (const { client, values, weight } of entries) {
        if (values === undefined) continue;
        updates.clients.push(client);
        updates.values.push(values);
        updates.weights.push(weight);
      }
      checkCount(updates.clients.length);
      if (typeof combine === 'function') return combine({ ...updates, reference: accumulator.reference });
      const { values } = updates;
      const chosen = combine.choose(squaredDistances(values), values.length);
      return combine.combine(
        chosen.map((i) => values[i]),
        values.length,
      );
    },
    excluded(accumulator) {
      return own('excluded', accumulator)
        .entries(`${name}.excluded`)
        .filter(({ values }) => values === undefined)
        .map(({ client }) => client);
    },
    serialize(accumulator) {
      return encodeUpdateList(`${name}.serialize`, own('serialize', accumulator));
    },
    deserialize(bytes) {
      return decodeUpdateList(`${name}.deserialize`, bytes, { kind, size, reference: reads });
    },
    dispose(accumulator) {
      own('dispose', accumulator).dispose();
    },
  };
}

/** The name of a rule with its options, such as `trimmed-mean(trim=0.2)`. */
export function kindOf({ name, options = {} }: Pick<RobustRule, 'name' | 'options'>): string {
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const written = Object.entries(options).map(([option, value]) => `${option}=${value}`);
  const kind = written.length === 0 ? kebab : `${kebab}(${written.join(',')})`;
  // Where accumulators are serialized, a byte holds its length.
  if (utf8Encode(kind).length > 255) refuse('INVALID_ARGUMENT', name, 'options that fit into 255 characters', kind);
  return kind;
}

/** The reference a rule reads, checked; `undefined` where it reads none. */
export function checkReference(
  where: string,
  size: number,
  reads: 'none' | 'optional' | 'required',
  { reference }: AggregationContext,
): Float32Array | undefined {
  if (reference === undefined) {
    if (reads === 'required')
      refuse('INVALID_ARGUMENT', `${where}: reference`, `a vector of ${size} values`, reference);
    return undefined;
  }
  checkVector(`${where}: reference`, reference, size);
  if (!isFiniteVector(reference)) refuse('OUT_OF_RANGE', `${where}: reference`, 'finite values', 'NaN or an infinity');
  return reads === 'none' ? undefined : reference;
}
