/**
 * Updates of several parts: a named record of vectors and scalars, each folded by an aggregator of its own, all of them or
 * none.
 *
 * @module
 */
import { describe, refuse } from '../check.ts';
import { FedkitError } from '../errors.ts';
import { ByteWriter, joined, lengthOf } from '../bytes.ts';
import { atOnce, type Steps } from '../turns.ts';
import { utf8Decode } from '../utf8.ts';
import type { Sink } from '../codec/sink.ts';
import type {
  AggregationContext,
  Aggregator,
  ClientId,
  Contribution,
  LinearAggregator,
  ResultOf,
  ValuesOf,
} from './contract.ts';
import type { RobustAggregator } from './robust/rule.ts';
import { StateReader, StateWriter } from './state-bytes.ts';
import { deserializeSteps, finalizeSteps, piecesOf, type SteppedAggregator } from './stepped.ts';
import type { OpenContribution, StreamingAggregator } from './streaming.ts';
import { recordSumForm, type SumForm } from './sum-form.ts';

type AnyAggregator = Aggregator<unknown, unknown, unknown>;
type Slots = Readonly<Record<string, AnyAggregator>>;

/** The values of one contribution: a vector or number for each slot. */
export type RecordValues<S extends Slots> = { readonly [K in keyof S]: ValuesOf<S[K]> };
/** The aggregate: a result for each slot. */
export type RecordResult<S extends Slots> = { readonly [K in keyof S]: ResultOf<S[K]> };

/** The accumulators of all slots. */
export interface RecordAccumulator {
  /** Contributions folded in so far. */
  readonly contributions: number;
}

/** An aggregator of records: linear, or O(d) in memory, if every slot is. */
export interface RecordAggregator<S extends Slots>
  extends Aggregator<RecordAccumulator, RecordResult<S>, RecordValues<S>> {
  readonly linearity: S[keyof S]['linearity'];
  readonly memory: S[keyof S]['memory'];
  /** Present where every slot has one. */
  readonly sumForm?: SumForm<RecordResult<S>>;
  /** The rule of each slot. */
  readonly slots: S;
  /** Opens one contribution whose slots arrive in pieces; present where every slot's rule streams. */
  readonly open?: (accumulator: RecordAccumulator, contribution: Omit<Contribution, 'values'>) => OpenRecord;
  /** Clients whose update a robust rule of some slot set aside, ascending. */
  excluded(accumulator: RecordAccumulator): ClientId[];
}

/** A record's contribution on its way, as `OpenContribution` of a single vector: all slots count, or none. */
export interface OpenRecord {
  /** Where the pieces of one slot go. */
  slot(name: string): Sink;
  commit(): void;
  /** Takes every piece of every slot out again; `replay` hands over a slot's pieces as the first time. */
  rollback(replay: (slot: string, sink: Sink) => void): void;
}

class State implements RecordAccumulator {
  readonly names: readonly string[];
  readonly parts: readonly unknown[];
  contributions: number;
  disposed = false;

  constructor(names: readonly string[], parts: readonly unknown[], contributions: number) {
    this.names = names;
    this.parts = parts;
    this.contributions = contributions;
  }
}

/**
 * An aggregator whose contributions are records with exactly the given slots. A contribution's weight and client go to
 * every slot; a rule that ignores weights, such as `mean` or `sum`, ignores them here too.
 *
 * Atomic: unknown or missing slots are refused before anything is folded (`INVALID_ARGUMENT`), and if one slot refuses its
 * value, the slots before it retract theirs, exactly.
 *
 * @param slots - At least one aggregator by name.
 * @throws FedkitError `INVALID_ARGUMENT` for an empty record.
 * @example
 * ```ts
 * import { mean, record, sum, weightedMean } from '@fedkit/core';
 *
 * const scaffold = record({ update: weightedMean(2), control: mean(2), steps: sum(1) });
 * const accumulator = scaffold.create();
 * scaffold.accumulate(accumulator, {
 *   values: { update: Float32Array.of(1, 2), control: Float32Array.of(0, 1), steps: 5 },
 *   weight: 600,
 * });
 * console.log(scaffold.finalize(accumulator).steps); // => Float32Array(1) [ 5 ]
 * ```
 */
export function record<const S extends Slots>(slots: S): RecordAggregator<S> {
  // Sorted, so that the order in which slots were written changes no byte.
  const names = Object.keys(slots).sort();
  if (names.length === 0) refuse('INVALID_ARGUMENT', 'record: slots', 'at least one slot', slots);
  return new RecordFold(
    names,
    names.map((name) => slots[name]),
  ) as unknown as RecordAggregator<S>;
}

class RecordFold
  implements
    Aggregator<RecordAccumulator, Record<string, unknown>, Record<string, unknown>>,
    SteppedAggregator<RecordAccumulator, Record<string, unknown>>
{
  readonly kind = 'record';
  readonly linearity: 'linear' | 'perClient';
  readonly memory: 'O(d)' | 'O(n·d)';
  readonly sumForm?: SumForm<Record<string, unknown>>;
  readonly slots: Slots;
  readonly open?: (accumulator: RecordAccumulator, contribution: Omit<Contribution, 'values'>) => OpenRecord;
  readonly #names: readonly string[];
  readonly #rules: readonly AnyAggregator[];

  constructor(names: readonly string[], rules: readonly AnyAggregator[]) {
    this.#names = names;
    this.#rules = rules;
    this.linearity = rules.every((rule) => rule.linearity === 'linear') ? 'linear' : 'perClient';
    this.memory = rules.every((rule) => rule.memory === 'O(d)') ? 'O(d)' : 'O(n·d)';
    const forms = (rules as Partial<LinearAggregator<unknown, unknown>>[]).flatMap(({ sumForm }, i) =>
      sumForm === undefined ? [] : [[names[i], sumForm] as const],
    );
    if (forms.length === rules.length) this.sumForm = recordSumForm(forms);
    this.slots = Object.fromEntries(names.map((name, i) => [name, rules[i]]));
    const streaming = rules as readonly StreamingAggregator<unknown, unknown, unknown>[];
    if (streaming.every((rule) => typeof rule.open === 'function' && typeof rule.size === 'number')) {
      this.open = (accumulator, contribution) => this.#open(streaming, accumulator, contribution);
    }
  }

  create(context?: AggregationContext): RecordAccumulator {
    return new State(
      this.#names,
      this.#rules.map((rule) => rule.create(context)),
      0,
    );
  }

  accumulate(accumulator: RecordAccumulator, contribution: Contribution<Record<string, unknown>>): RecordAccumulator {
    const state = this.#use('accumulate', accumulator);
    const parts = this.#split('accumulate', contribution);
    let done = 0;
    try {
      for (; done < parts.length; done++) this.#rules[done].accumulate(state.parts[done], parts[done]);
    } catch (error) {
      for (let i = done - 1; i >= 0; i--) this.#rules[i].retract(state.parts[i], parts[i]);
      throw this.#named('accumulate', done, error);
    }
    state.contributions++;
    return state;
  }

  excluded(accumulator: RecordAccumulator): ClientId[] {
    const state = this.#use('excluded', accumulator);
    const rules = this.#rules as readonly Partial<RobustAggregator<unknown>>[];
    return [...new Set(rules.flatMap((rule, i) => rule.excluded?.(state.parts[i]) ?? []))].sort();
  }

  retract(accumulator: RecordAccumulator, contribution: Contribution<Record<string, unknown>>): RecordAccumulator {
    const state = this.#use('retract', accumulator);
    const parts = this.#split('retract', contribution);
    let done = 0;
    try {
      for (; done < parts.length; done++) this.#rules[done].retract(state.parts[done], parts[done]);
    } catch (error) {
      for (let i = done - 1; i >= 0; i--) this.#rules[i].accumulate(state.parts[i], parts[i]);
      throw this.#named('retract', done, error);
    }
    state.contributions--;
    return state;
  }

  checkMerge(into: RecordAccumulator, from: RecordAccumulator): void {
    const state = this.#use('merge', into);
    const other = this.#use('merge', from);
    this.#rules.forEach((rule, i) => rule.checkMerge(state.parts[i], other.parts[i]));
  }

  merge(into: RecordAccumulator, from: RecordAccumulator): RecordAccumulator {
    this.checkMerge(into, from);
    const state = this.#use('merge', into);
    const other = this.#use('merge', from);
    this.#rules.forEach((rule, i) => rule.merge(state.parts[i], other.parts[i]));
    state.contributions += other.contributions;
    return state;
  }

  finalize(accumulator: RecordAccumulator): Record<string, unknown> {
    return atOnce(this.finalizeSteps(accumulator));
  }

  *finalizeSteps(accumulator: RecordAccumulator): Steps<Record<string, unknown>> {
    const state = this.#use('finalize', accumulator);
    const results: [string, unknown][] = [];
    for (const [i, name] of this.#names.entries()) {
      results.push([name, yield* finalizeSteps(this.#rules[i], state.parts[i])]);
    }
    return Object.fromEntries(results);
  }

  serialize(accumulator: RecordAccumulator): Uint8Array {
    return joined(this.pieces(accumulator));
  }

  pieces(accumulator: RecordAccumulator): Uint8Array[] {
    const state = this.#use('serialize', accumulator);
    const head = new StateWriter(this.kind, 8);
    head.uint32(state.contributions);
    head.uint32(this.#names.length);
    const writer = new ByteWriter().bytes(head.finish());
    for (const [i, name] of this.#names.entries()) {
      const part = piecesOf(this.#rules[i], state.parts[i]);
      writer.text(name).uint32(lengthOf(part));
      for (const piece of part) writer.bytes(piece);
    }
    return writer.pieces();
  }

  deserialize(bytes: Uint8Array): RecordAccumulator {
    return atOnce(this.deserializeSteps(bytes));
  }

  *deserializeSteps(bytes: Uint8Array): Steps<RecordAccumulator> {
    const reader = new StateReader(this.kind, bytes);
    const contributions = reader.uint32();
    const count = reader.uint32();
    if (count !== this.#names.length) reader.fail(`${this.#names.length} slots`, `${count}`);
    const parts: unknown[] = [];
    try {
      for (const [i, name] of this.#names.entries()) {
        const found = utf8Decode(reader.bytes(reader.uint32()));
        if (found !== name) reader.fail(`slot ${describe(name)}`, describe(found));
        parts.push(yield* deserializeSteps(this.#rules[i], reader.bytes(reader.uint32())));
        const { contributions: inSlot = contributions } = parts[i] as Partial<RecordAccumulator>;
        if (inSlot !== contributions) reader.fail(`${contributions} contributions in ${describe(name)}`, `${inSlot}`);
      }
      reader.expectRemaining(0);
    } catch (error) {
      for (const [i, part] of parts.entries()) this.#rules[i].dispose(part);
      throw error;
    }
    return new State(this.#names, parts, contributions);
  }

  dispose(accumulator: RecordAccumulator): void {
    if (!(accumulator instanceof State) || accumulator.disposed) return;
    accumulator.disposed = true;
    this.#rules.forEach((rule, i) => rule.dispose(accumulator.parts[i]));
  }

  #open(
    rules: readonly StreamingAggregator<unknown, unknown, unknown>[],
    accumulator: RecordAccumulator,
    contribution: Omit<Contribution, 'values'>,
  ): OpenRecord {
    const state = this.#use('open', accumulator);
    const nothing = (): void => undefined;
    const opened: OpenContribution[] = [];
    try {
      for (const [i, rule] of rules.entries()) opened.push(rule.open(state.parts[i], contribution));
    } catch (error) {
      for (const open of opened) open.rollback(nothing);
      throw this.#named('open', opened.length, error);
    }
    return {
      slot: (name) => opened[this.#names.indexOf(name)],
      commit: () => {
        for (const open of opened) open.commit();
        state.contributions++;
      },
      rollback: (replay) => {
        for (const [i, open] of opened.entries()) open.rollback((sink) => replay(this.#names[i], sink));
      },
    };
  }

  #use(method: string, accumulator: RecordAccumulator): State {
    const where = `record.${method}: accumulator`;
    if (!(accumulator instanceof State) || JSON.stringify(accumulator.names) !== JSON.stringify(this.#names)) {
      refuse('INVALID_ARGUMENT', where, 'an accumulator of this record', accumulator);
    }
    if (accumulator.disposed) refuse('PROTOCOL_STATE', where, 'a live accumulator', 'a disposed one');
    return accumulator;
  }

  /** One contribution a slot, if the record has exactly the slots. */
  #split(method: string, contribution: Contribution<Record<string, unknown>>): Contribution<unknown>[] {
    const where = `record.${method}: values`;
    const { values, ...rest } = contribution;
    if (typeof values !== 'object' || values === null) refuse('INVALID_ARGUMENT', where, 'a record', values);
    for (const name of Object.keys(values)) {
      if (!this.#names.includes(name)) refuse('INVALID_ARGUMENT', where, `slots ${this.#names.join(', ')}`, name);
    }
    return this.#names.map((name) => {
      if (!Object.hasOwn(values, name)) refuse('INVALID_ARGUMENT', where, `a slot ${describe(name)}`, undefined);
      return { ...rest, values: values[name] };
    });
  }

  /** A slot's error with the slot's name in front. */
  #named(method: string, slot: number, error: unknown): unknown {
    if (!(error instanceof FedkitError)) return error;
    return new FedkitError(error.code, `record.${method}: ${this.#names[slot]}: ${error.message}`, {
      details: { ...error.details, slot: this.#names[slot] },
      cause: error,
    });
  }
}
