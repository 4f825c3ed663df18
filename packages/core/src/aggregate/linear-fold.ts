/**
 * The one fold behind the weighted mean, the mean and the sum.
 *
 * A serialized accumulator is, after the frame of `state-bytes.ts` and little-endian: precision (1 byte: 0 reproducible,
 * 1 float32, 2 reproducible in bands), size (uint32), maxValue, maxWeight, fixedDenominator or 0 (float64 each), contributions
 * (uint32), total weight in units of 2^−149 (40 bytes), then the sums: of float32 one array; in bands their number (1 byte), and
 * for each by ascending k: k + 3 (1 byte), its contributions (uint32), two arrays of float64, high and low. Precision 0, of earlier
 * versions, has the two arrays of one band alone; it is read, not written.
 *
 * @module
 */
import { joined } from '../bytes.ts';
import { checkNumber, checkPositive, checkVector, refuse } from '../check.ts';
import type { Sink } from '../codec/sink.ts';
import { FedkitError } from '../errors.ts';
import { powerOfTwo } from '../math/double.ts';
import { atOnce, inStretches, type Steps } from '../turns.ts';
import type { Contribution, Slot } from './contract.ts';
import { BandedSum } from './banded-sum.ts';
import { Float32Sum } from './float32-sum.ts';
import { PieceSink } from './piece-sink.ts';
import { type Dyadic, dyadic, toNumber } from './rational.ts';
import { StateReader, StateWriter } from './state-bytes.ts';
import type { SteppedAggregator } from './stepped.ts';
import type { OpenContribution, StreamingAggregator } from './streaming.ts';
import { type SumForm, singleSumForm } from './sum-form.ts';
import type { VectorSum } from './vector-sum.ts';

/** Contributions that one accumulator takes, its merged ones included. */
export const MAX_CONTRIBUTIONS = 0x100000;

/** Beyond so many bytes an accumulator's memory is not kept: clearing it would take longer than anything here may. */
const MOST_SPARE = 2 ** 26;

/** Bytes of a total weight: 20 bits of count, 128 + 149 of a float32's range. */
const WEIGHT_BYTES = 40;
/** Every float32 weight is a whole multiple of 2^−149, the unit in which total weights are counted: exactly, in any order. */
const WEIGHT_EXPONENT = -149;

/** The default of earlier versions: what they had begun goes on. */
const EARLIER_MAX_WEIGHT = 65_536;

const UNBANDED = 0;
const FLOAT32 = 1;
const BANDED = 2;

/** What tells one linear rule from another. */
export interface LinearRule {
  readonly kind: 'weighted-mean' | 'mean' | 'sum';
  readonly size: number;
  readonly precision: 'reproducible' | 'float32';
  /** The largest |x|, a float32. */
  readonly maxValue: number;
  /** The largest weight, a float32; 1 where weights are ignored. */
  readonly maxWeight: number;
  /** Divides the sum in place of the total weight. */
  readonly fixedDenominator?: number;
}

/** A running weighted sum: what `weightedMean`, `mean` and `sum` fold into. */
export interface LinearAccumulator {
  /** Contributions folded in so far. */
  readonly contributions: number;
  /** Σ w of them, rounded to float64 from the exact sum. */
  readonly totalWeight: number;
}

class State implements LinearAccumulator {
  readonly rule: LinearRule;
  /** `undefined` once disposed. */
  sum: VectorSum | undefined;
  contributions = 0;
  /** Σ w in units of 2^−149. */
  weightUnits = 0n;
  /** A contribution is arriving in pieces. */
  open = false;

  constructor(rule: LinearRule, sum: VectorSum) {
    this.rule = rule;
    this.sum = sum;
  }

  get totalWeight(): number {
    return toNumber(this.exactWeight);
  }

  get exactWeight(): Dyadic {
    return { integer: this.weightUnits, exponent: WEIGHT_EXPONENT };
  }

  count(contributions: number, weightUnits: bigint): void {
    this.contributions += contributions;
    this.weightUnits += weightUnits;
  }
}

/** Implements all three rules; `mean.ts` gives them their types. */
export class LinearFold
  implements
    StreamingAggregator<LinearAccumulator, Float32Array, Slot>,
    SteppedAggregator<LinearAccumulator, Float32Array>
{
  readonly linearity = 'linear';
  readonly memory = 'O(d)';
  readonly sumForm: SumForm<Float32Array>;
  readonly #rule: LinearRule;
  /** The rule's name in messages. */
  readonly #name: string;
  /** Of the latest accumulator that was disposed: round after round needs one, and fresh memory costs as much as a fold. */
  #spare: VectorSum | undefined;

  constructor(rule: LinearRule, name: string) {
    this.#rule = rule;
    this.#name = name;
    const { size, kind, fixedDenominator } = rule;
    const weighted = kind === 'weighted-mean';
    this.sumForm = singleSumForm(name, { size, weighted }, (totals) =>
      fixedDenominator !== undefined ? fixedDenominator : weighted ? totals.weight : totals.contributors,
    );
  }

  get kind(): string {
    return this.#rule.kind;
  }

  get size(): number {
    return this.#rule.size;
  }

  create(): LinearAccumulator {
    const sum = this.#spare;
    this.#spare = undefined;
    sum?.clear();
    return new State(this.#rule, sum ?? emptySum(this.#rule));
  }

  accumulate(accumulator: LinearAccumulator, contribution: Contribution<Slot>): LinearAccumulator {
    const { state, sum } = this.#use('accumulate', accumulator);
    const { values, weight } = this.#read('accumulate', contribution);
    this.#checkRoom('accumulate', state.contributions, 1);
    if (!sum.fold(values, weight)) this.#refuseValues('accumulate', values);
    state.count(1, unitsOf(weight));
    return state;
  }

  retract(accumulator: LinearAccumulator, contribution: Contribution<Slot>): LinearAccumulator {
    const { state, sum } = this.#use('retract', accumulator);
    const { values, weight } = this.#read('retract', contribution);
    const taken = unitsOf(weight);
    if (state.contributions === 0 || !sum.retractable || !sum.holds(weight) || state.weightUnits < taken) {
      refuse('PROTOCOL_STATE', `${this.#name}.retract`, 'the latest contribution of this accumulator', 'another');
    }
    if (!sum.unfold(values, weight)) this.#refuseValues('retract', values);
    state.count(-1, -taken);
    return state;
  }

  open(accumulator: LinearAccumulator, contribution: { readonly weight?: number }): OpenContribution {
    const { state, sum } = this.#use('open', accumulator);
    const weight = this.#weight('open', contribution.weight);
    this.#checkRoom('open', state.contributions, 1);
    sum.begin();
    state.open = true;
    const where = `${this.#name}.open`;
    const sink = new PieceSink(where, this.size, sum, weight, (values, placeOf) =>
      this.#refuseValues('open', values, placeOf),
    );
    let ended = false;
    const whileOpen = () => {
      if (ended) refuse('PROTOCOL_STATE', where, 'an open contribution', 'one that has ended');
    };
    const close = () => {
      whileOpen();
      ended = true;
      state.open = false;
    };
    return {
      dense: (offset, values) => {
        whileOpen();
        sink.dense(offset, values);
      },
      sparse: (indices, values) => {
        whileOpen();
        sink.sparse(indices, values);
      },
      commit: () => {
        close();
        sum.commit(weight);
        state.count(1, unitsOf(weight));
      },
      rollback: (replay: (sink: Sink) => void) => {
        close();
        if (!sum.undoneByReplay || sink.undo(replay)) return;
        this.dispose(state);
        refuse('PROTOCOL_STATE', `${where}: replay`, 'the pieces folded before', 'others; the accumulator is lost');
      },
    };
  }

  checkMerge(into: LinearAccumulator, from: LinearAccumulator): void {
    const { state } = this.#use('merge', into);
    const { state: other } = this.#use('merge', from);
    if (state === other) refuse('INVALID_ARGUMENT', `${this.#name}.merge`, 'two accumulators', 'one twice');
    this.#checkRoom('merge', state.contributions, other.contributions);
  }

  merge(into: LinearAccumulator, from: LinearAccumulator): LinearAccumulator {
    this.checkMerge(into, from);
    const { state, sum } = this.#use('merge', into);
    const { state: other, sum: added } = this.#use('merge', from);
    sum.merge(added);
    state.count(other.contributions, other.weightUnits);
    return state;
  }

  finalize(accumulator: LinearAccumulator): Float32Array {
    return atOnce(this.finalizeSteps(accumulator));
  }

  *finalizeSteps(accumulator: LinearAccumulator): Steps<Float32Array> {
    const { state, sum } = this.#use('finalize', accumulator);
    const where = `${this.#name}.finalize`;
    if (state.contributions === 0) refuse('THRESHOLD_NOT_MET', where, 'at least 1 contribution', 0);
    const result = new Float32Array(this.size);
    const { fixedDenominator } = this.#rule;
    const denominator = fixedDenominator === undefined ? state.exactWeight : dyadic(fixedDenominator);
    yield* inStretches(this.size, (from, to) => {
      const beyond = sum.divide(denominator, result, from, to);
      if (beyond >= 0) refuse('OVERFLOW', where, 'a result within float32', `a larger one at ${beyond}`);
    });
    return result;
  }

  serialize(accumulator: LinearAccumulator): Uint8Array {
    return joined(this.pieces(accumulator));
  }

  pieces(accumulator: LinearAccumulator): Uint8Array[] {
    const { state, sum } = this.#use('serialize', accumulator);
    const writer = new StateWriter(this.kind, 33 + WEIGHT_BYTES);
    writer.uint8(this.#precision);
    writer.uint32(this.size);
    writer.float64(this.#rule.maxValue);
    writer.float64(this.#rule.maxWeight);
    writer.float64(this.#rule.fixedDenominator ?? 0);
    writer.uint32(state.contributions);
    writer.bigint(state.weightUnits, WEIGHT_BYTES);
    return [writer.finish(), ...sum.pieces];
  }

  deserialize(bytes: Uint8Array): LinearAccumulator {
    return atOnce(this.deserializeSteps(bytes));
  }

  *deserializeSteps(bytes: Uint8Array): Steps<LinearAccumulator> {
    const reader = new StateReader(this.kind, bytes);
    const rule = this.#rule;
    const expect = (what: string, expected: number, got: number) => {
      if (got !== expected) reader.fail(`${what} ${expected}`, `${got}`);
    };
    const precision = reader.uint8();
    const unbanded = precision === UNBANDED && this.#precision === BANDED;
    if (!unbanded) expect('precision', this.#precision, precision);
    expect('size', rule.size, reader.uint32());
    expect('maxValue', rule.maxValue, reader.float64());
    const maxWeight = reader.float64();
    if (!(maxWeight === EARLIER_MAX_WEIGHT && maxWeight < rule.maxWeight))
      expect('maxWeight', rule.maxWeight, maxWeight);
    expect('fixedDenominator', rule.fixedDenominator ?? 0, reader.float64());
    const contributions = reader.uint32();
    if (contributions > MAX_CONTRIBUTIONS)
      reader.fail(`at most ${MAX_CONTRIBUTIONS} contributions`, `${contributions}`);
    const weightUnits = reader.bigint(WEIGHT_BYTES);
    this.#checkTotalWeight(reader, contributions, weightUnits);
    const sum = yield* this.#readSum(reader, contributions, unbanded);
    const state = new State(rule, sum);
    state.count(contributions, weightUnits);
    return state;
  }

  dispose(accumulator: LinearAccumulator): void {
    if (!(accumulator instanceof State)) return;
    const { rule, sum, open } = accumulator;
    accumulator.sum = undefined;
    // Whoever holds an open contribution could still fold into it.
    if (sum === undefined || open || sum.memory > MOST_SPARE || !sameRule(rule, this.#rule)) return;
    this.#spare = sum;
  }

  get #precision(): number {
    return this.#rule.precision === 'float32' ? FLOAT32 : BANDED;
  }

  *#readSum(reader: StateReader, contributions: number, unbanded: boolean): Steps<VectorSum> {
    const { size, maxValue, maxWeight, precision } = this.#rule;
    if (precision === 'float32') {
      reader.expectRemaining(4 * size);
      const sum = new Float32Sum(size, maxValue);
      yield* sum.read(reader, contributions);
      return sum;
    }
    const sum = new BandedSum(size, maxValue, maxWeight);
    yield* unbanded ? sum.readUnbanded(reader, contributions) : sum.read(reader, contributions);
    return sum;
  }

  /** n weights sum to between n · 2^−149 and n · maxWeight, and to n where weights are ignored. */
  #checkTotalWeight(reader: StateReader, contributions: number, weightUnits: bigint): void {
    const count = BigInt(contributions);
    const highest = count * unitsOf(this.#rule.maxWeight);
    const lowest = this.kind === 'weighted-mean' ? count : highest;
    if (weightUnits < lowest || weightUnits > highest) {
      reader.fail(`a total weight of ${contributions} contributions`, 'another');
    }
  }

  /** The live state behind an accumulator of this very rule. */
  #use(method: string, accumulator: LinearAccumulator): { state: State; sum: VectorSum } {
    const where = `${this.#name}.${method}: accumulator`;
    if (!(accumulator instanceof State) || !sameRule(accumulator.rule, this.#rule)) {
      refuse('INVALID_ARGUMENT', where, 'an accumulator of the same rule, size and options', accumulator);
    }
    if (accumulator.sum === undefined) refuse('PROTOCOL_STATE', where, 'a live accumulator', 'a disposed one');
    if (accumulator.open) refuse('PROTOCOL_STATE', where, 'no open contribution', 'one that has not ended');
    return { state: accumulator, sum: accumulator.sum };
  }

  #read(method: string, contribution: Contribution<Slot>): { values: Float32Array; weight: number } {
    const where = `${this.#name}.${method}: values`;
    const given = contribution?.values;
    // A number beyond float32 becomes infinite, and is refused as out of range.
    const values = typeof given === 'number' && this.size === 1 ? Float32Array.of(given) : given;
    return { values: checkVector(where, values, this.size), weight: this.#weight(method, contribution.weight) };
  }

  /** The weight as it is folded: rounded to float32, so that products are exact. */
  #weight(method: string, weight: number | undefined): number {
    if (weight === undefined) return 1;
    const where = `${this.#name}.${method}: weight`;
    const rounded = Math.fround(checkPositive(where, weight));
    if (this.kind !== 'weighted-mean') return 1;
    if (rounded === 0) refuse('OUT_OF_RANGE', where, 'a weight that is > 0 in float32', weight);
    return checkNumber(where, rounded, 0, this.#rule.maxWeight);
  }

  #checkRoom(method: string, present: number, added: number): void {
    if (present + added > MAX_CONTRIBUTIONS) {
      refuse('OVERFLOW', `${this.#name}.${method}`, `at most ${MAX_CONTRIBUTIONS} contributions`, present + added);
    }
  }

  /** Names the first value that was refused, not what it is. `placeOf` turns its index into a place in the vector. */
  #refuseValues(method: string, values: Float32Array, placeOf: (index: number) => number = (index) => index): never {
    const limit = this.#rule.maxValue;
    const index = values.findIndex((x) => !(Math.abs(x) <= limit));
    const place = placeOf(index);
    const where = `${this.#name}.${method}: values[${place}]`;
    const x = values[index];
    const got = Number.isNaN(x) ? 'NaN' : Number.isFinite(x) ? 'a larger one' : 'an infinite one';
    throw new FedkitError('OUT_OF_RANGE', `${where}: expected a number of magnitude ≤ ${limit}, got ${got}`, {
      details: { where, index: place },
    });
  }
}

function emptySum({ precision, size, maxValue, maxWeight }: LinearRule): VectorSum {
  return precision === 'float32' ? new Float32Sum(size, maxValue) : new BandedSum(size, maxValue, maxWeight).prepare();
}

/** A float32 weight in units of 2^−149. */
function unitsOf(weight: number): bigint {
  return BigInt(weight * powerOfTwo(-WEIGHT_EXPONENT));
}

function sameRule(a: LinearRule, b: LinearRule): boolean {
  return (
    a === b ||
    (a.kind === b.kind &&
      a.size === b.size &&
      a.precision === b.precision &&
      a.maxValue === b.maxValue &&
      a.maxWeight === b.maxWeight &&
      a.fixedDenominator === b.fixedDenominator)
  );
}
