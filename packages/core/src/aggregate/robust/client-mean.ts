/**
 * Rules that judge every update by itself and take a mean of what is left: they need no other update to do so, and O(d)
 * memory.
 *
 * @module
 */
import { checkBytes, checkInteger, checkPositive, checkVector, refuse } from '../../check.ts';
import { MAX_VALUES } from '../../model/limits.ts';
import type { AggregationContext, ClientId, Contribution } from '../contract.ts';
import type { LinearAccumulator } from '../linear-fold.ts';
import type { LinearRuleAggregator } from '../mean.ts';
import { StateReader, StateWriter } from '../state-bytes.ts';
import { checkClientId } from '../../client-id.ts';
import { clientIdLength, readClientId, writeClientId } from './client-ids.ts';
import { isFiniteVector } from '../../finite.ts';
import { readVector, vectorLength, writeVector } from './optional-vector.ts';
import { checkReference, kindOf, type RobustAggregator, type RobustRule } from './rule.ts';
import { sameReference } from './update-list.ts';

/** How one accumulator works, once its reference is known. */
export interface ClientFold {
  readonly mean: LinearRuleAggregator<number>;
  /** What goes into the mean for a finite update with a weight > 0; `undefined` to count it for nothing. */
  judge(values: Float32Array, weight: number): { readonly values: Float32Array; readonly weight: number } | undefined;
}

/** A robust rule on whole client vectors: what {@link clientMeanAggregator} makes an aggregator of. */
export interface ClientRule extends Pick<RobustRule, 'name' | 'size' | 'options'> {
  readonly reference: 'none' | 'required';
  prepare(reference: Float32Array | undefined): ClientFold;
}

/** A running mean and the clients that reported: O(d) and their ids. Opaque to callers. */
export class ClientMean {
  readonly kind: string;
  readonly reference: Float32Array | undefined;
  readonly fold: ClientFold;
  readonly sum: LinearAccumulator;
  /** Every client that reported, and whether its update was finite. */
  clients: Map<ClientId, boolean> | undefined = new Map();

  constructor(kind: string, reference: Float32Array | undefined, fold: ClientFold, sum: LinearAccumulator) {
    this.kind = kind;
    this.reference = reference;
    this.fold = fold;
    this.sum = sum;
  }
}

/** The robust aggregator of a rule that chooses among, weighs or changes clients' vectors, and takes their mean. */
export function clientMeanAggregator(rule: ClientRule): RobustAggregator<ClientMean, 'O(d)'> {
  const { name } = rule;
  const size = checkInteger(`${name}: size`, rule.size, 1, MAX_VALUES);
  const kind = kindOf(rule);
  const open = (method: string, state: ClientMean): Map<ClientId, boolean> => {
    const where = `${name}.${method}`;
    if (!(state instanceof ClientMean) || state.kind !== kind) {
      refuse('INVALID_ARGUMENT', where, `an accumulator of ${kind}`, state);
    }
    return state.clients ?? refuse('PROTOCOL_STATE', where, 'an accumulator that is not disposed', 'a disposed one');
  };
  const start = (reference: Float32Array | undefined): ClientMean => {
    const fold = rule.prepare(reference);
    return new ClientMean(kind, reference, fold, fold.mean.create());
  };
  const check = (method: string, { values, weight = 1, client }: Contribution): [ClientId, Float32Array, number] => {
    checkVector(`${name}.${method}: values`, values, size);
    checkPositive(`${name}.${method}: weight`, weight);
    return [checkClientId(`${name}.${method}: client`, client), values, weight];
  };
  const prepareDecoded = (reader: StateReader, reference: Float32Array | undefined): ClientFold => {
    try {
      return rule.prepare(reference);
    } catch {
      return reader.fail('a reference that the rule takes', 'another');
    }
  };
  const aggregator: RobustAggregator<ClientMean, 'O(d)'> = {
    kind,
    linearity: 'perClient',
    memory: 'O(d)',
    size,
    create(context: AggregationContext = {}) {
      return start(checkReference(`${name}.create`, size, rule.reference, context)?.slice());
    },
    accumulate(state, contribution) {
      const clients = open('accumulate', state);
      const [client, values, weight] = check('accumulate', contribution);
      if (clients.has(client)) {
        refuse('PROTOCOL_STATE', `${name}.accumulate: client`, 'a client that has not reported yet', client);
      }
      const finite = isFiniteVector(values);
      const judged = finite ? state.fold.judge(values, weight) : undefined;
      if (judged !== undefined) state.fold.mean.accumulate(state.sum, judged);
      clients.set(client, finite);
      return state;
    },
    retract(state, contribution) {
      const clients = open('retract', state);
      const [client, values, weight] = check('retract', contribution);
      if (!clients.has(client)) {
        refuse('PROTOCOL_STATE', `${name}.retract: client`, 'a client whose contribution was accumulated', client);
      }
      const judged = clients.get(client) === true ? state.fold.judge(values, weight) : undefined;
      if (judged !== undefined) state.fold.mean.retract(state.sum, judged);
      clients.delete(client);
      return state;
    },
    checkMerge(into, from) {
      const clients = open('merge', into);
      const added = open('merge', from);
      if (into === from) refuse('INVALID_ARGUMENT', `${name}.merge`, 'two accumulators', 'one twice');
      if (!sameReference(into.reference, from.reference)) {
        refuse('INVALID_ARGUMENT', `${name}.merge`, 'accumulators created with the same reference', 'two that differ');
      }
      for (const client of added.keys()) {
        if (clients.has(client)) refuse('PROTOCOL_STATE', `${name}.merge`, 'clients that report once', client);
      }
      into.fold.mean.checkMerge(into.sum, from.sum);
    },
    merge(into, from) {
      aggregator.checkMerge(into, from);
      into.fold.mean.merge(into.sum, from.sum);
      const clients = open('merge', into);
      for (const [client, finite] of open('merge', from)) clients.set(client, finite);
      return into;
    },
    finalize(state) {
      const clients = open('finalize', state);
      if (![...clients.values()].includes(true)) {
        refuse('THRESHOLD_NOT_MET', `${name}.finalize`, 'at least 1 finite update', 0);
      }
      return state.sum.contributions === 0 ? new Float32Array(size) : state.fold.mean.finalize(state.sum);
    },
    excluded(state) {
      return [...open('excluded', state)]
        .filter(([, finite]) => !finite)
        .map(([client]) => client)
        .sort();
    },
    serialize(state) {
      const clients = [...open('serialize', state)].sort(([a], [b]) => (a < b ? -1 : 1));
      const sum = state.fold.mean.serialize(state.sum);
      let length = 12 + vectorLength(state.reference) + sum.length;
      for (const [client] of clients) length += 1 + clientIdLength(client);
      const writer = new StateWriter(kind, length);
      writer.uint32(size);
      writeVector(writer, state.reference);
      writer.uint32(clients.length);
      for (const [client, finite] of clients) {
        writeClientId(writer, client);
        writer.uint8(finite ? 1 : 0);
      }
      writer.uint32(sum.length);
      writer.bytes(sum);
      return writer.finish();
    },
    deserialize(bytes) {
      const reader = new StateReader(kind, checkBytes(`${name}.deserialize: bytes`, bytes));
      const found = reader.uint32();
      if (found !== size) reader.fail(`updates of length ${size}`, `${found}`);
      const reference = readVector(reader, size);
      if ((reference === undefined) !== (rule.reference === 'none'))
        reader.fail('the reference of the rule', 'another');
      const clients = new Map<ClientId, boolean>();
      const count = reader.uint32();
      let previous = '';
      let finite = 0;
      for (let n = 0; n < count; n++) {
        previous = readClientId(reader, previous);
        const flag = reader.uint8();
        if (flag > 1) reader.fail('a flag of 0 or 1', `${flag}`);
        finite += flag;
        clients.set(previous, flag === 1);
      }
      const length = reader.uint32();
      reader.expectRemaining(length);
      const fold = prepareDecoded(reader, reference);
      const sum = fold.mean.deserialize(reader.bytes(length));
      if (sum.contributions > finite) reader.fail(`at most ${finite} contributions`, `${sum.contributions}`);
      const state = new ClientMean(kind, reference, fold, sum);
      state.clients = clients;
      return state;
    },
    dispose(state) {
      if (!(state instanceof ClientMean)) return;
      state.clients = undefined;
      state.fold.mean.dispose(state.sum);
    },
  };
  return aggregator;
}
