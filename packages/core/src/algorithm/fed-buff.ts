/**
 * FedBuff: the model moves whenever K contributions have come together.
 *
 * John Nguyen, Kshitiz Malik, Hongyuan Zhan, Ashkan Yousefpour, Mike Rabbat, Mani Malek, Dzmitry Huba, "Federated
 * Learning with Buffered Asynchronous Aggregation", AISTATS 2022, algorithm 1, https://arxiv.org/abs/2106.06639.
 *
 *     client i   trains from the x it fetched and reports Δ_i = y − x
 *     server     buffers s(τ_i)·Δ_i; with K of them  x ← x + η_g/K·Σ s(τ_i)·Δ_i       s(τ) = 1/√(1 + τ)
 *
 * The buffer is the reproducible mean: which K contributions it holds decides the next model, the order they came in
 * does not.
 *
 * @module
 */
import type { LinearAccumulator } from '../aggregate/linear-fold.ts';
import { type LinearRuleAggregator, mean } from '../aggregate/mean.ts';
import type { ClientId } from '../aggregate/contract.ts';
import { checkBytes, checkInteger, checkOptions, type OptionNames, refuse } from '../check.ts';
import { decodeState, encodeState } from '../model/state-file.ts';
import type { NoState, PlainData } from '../plain-data.ts';
import { averagingUnless } from '../server/averaging.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import type { AsynchronousAlgorithm, AsynchronousOptions, AsynchronousState } from './asynchronous.ts';
import type { FedAvgUpdate } from './fed-avg.ts';
import { build, checkState, localUpdate } from './local-update.ts';
import { type Staleness, stalenessWeight } from './staleness.ts';
import { fields, malformed, Tickets, vector, whole } from './tickets.ts';

export interface FedBuffOptions<S extends PlainData = NoState> extends AsynchronousOptions {
  /** K ≥ 1; default 10, as in the paper. */
  readonly bufferSize?: number;
  /** s; default polynomial with a = ½. */
  readonly staleness?: Staleness;
  /** The server's step along the buffered mean; default `serverSgd({ learningRate: 1 })`. */
  readonly server?: ServerOptimizer<S>;
}

class State implements AsynchronousState {
  params: Float32Array;
  optimizer: PlainData;
  buffer: LinearAccumulator;
  version = 0;
  readonly rule: LinearRuleAggregator<number>;
  readonly tickets: Tickets;

  constructor(params: Float32Array, optimizer: PlainData, tickets: Tickets = new Tickets(), buffer?: Uint8Array) {
    this.params = params;
    this.optimizer = optimizer;
    this.tickets = tickets;
    this.rule = mean<number>(params.length);
    this.buffer = buffer ? this.rule.deserialize(buffer) : this.rule.create();
  }

  get buffered(): number {
    return this.buffer.contributions;
  }

  get working(): ClientId[] {
    return this.tickets.working();
  }
}

/** @throws FedkitError `OUT_OF_RANGE` for options out of range, `INVALID_ARGUMENT` for an unknown staleness. */
export function fedBuff<S extends PlainData = NoState>(
  options: FedBuffOptions<S> = {},
): AsynchronousAlgorithm<FedAvgUpdate> {
  checkOptions('fedBuff', options, {
    bufferSize: true,
    staleness: true,
    server: true,
    maximumStaleness: true,
  } satisfies OptionNames<FedBuffOptions>);
  const bufferSize = checkInteger('fedBuff: bufferSize', options.bufferSize ?? 10, 1, 0x100000);
  const weight = stalenessWeight(options.staleness ?? { kind: 'polynomial', exponent: 0.5 });
  const server = averagingUnless(options.server);
  const { maximumStaleness = Infinity } = options;
  if (maximumStaleness !== Infinity) checkInteger('fedBuff: maximumStaleness', maximumStaleness);

  const step = (state: State): void => {
    const { rule, buffer } = state;
    const next = server.step(state.optimizer as S, state.params, rule.finalize(buffer));
    state.buffer = rule.create();
    rule.dispose(buffer);
    state.params = next.params;
    state.optimizer = next.state;
    state.version++;
  };

  return {
    kind: 'fedBuff',
    slots: (size) => ({ update: size }),
    share: weight,
    init(params) {
      const size = checkState('fedBuff.init: params', params, params.length).length;
      return new State(params.slice(), server.init(size));
    },
    checkout(state, client) {
      const { params, version, tickets } = use('checkout', state);
      return { ticket: tickets.issue('fedBuff.checkout', client, version), broadcast: { params } };
    },
    async clientRound({ broadcast: { params }, trainer, options: local }) {
      const where = 'fedBuff.clientRound';
      const { values, ...rest } = await localUpdate(where, trainer, params, {}, { lossAtStart: false, ...local });
      return { contribution: { values: { update: values }, weight: rest.examples }, state: {}, local: rest };
    },
    submit(state, ticket, { values, client }) {
      const where = 'fedBuff.submit';
      const own = use('submit', state);
      const open = own.tickets.find(where, ticket, client);
      if (!open) return { outcome: 'spent' };
      const staleness = own.version - open.version;
      if (staleness > maximumStaleness) {
        own.tickets.void(open.client);
        return { outcome: 'stale', staleness };
      }
      const update = checkState(`${where}: update`, values?.update, own.params.length);
      const s = weight(staleness);
      const contribution = { values: build(update.length, (i) => s * update[i]) };
      own.rule.accumulate(own.buffer, contribution);
      const full = own.buffered === bufferSize;
      try {
        if (full) step(own);
      } catch (error) {
        own.rule.retract(own.buffer, contribution);
        throw error;
      }
      own.tickets.void(open.client);
      return { outcome: full ? 'stepped' : 'buffered', staleness };
    },
    leave: (state, client) => use('leave', state).tickets.void(client),
    flush(state) {
      const own = use('flush', state);
      if (own.buffered === 0) return false;
      step(own);
      return true;
    },
    serialize(state, model) {
      const { params, optimizer, version, tickets, rule, buffer } = use('serialize', state);
      const plain = { params, optimizer, version, tickets: tickets.toPlainData() };
      const head = encodeState(plain, { kind: 'fedBuff', model });
      const tail = rule.serialize(buffer);
      const bytes = new Uint8Array(8 + head.length + tail.length);
      new DataView(bytes.buffer).setUint32(0, head.length, true);
      bytes.set(head, 8);
      bytes.set(tail, 8 + head.length);
      return bytes;
    },
    deserialize(given, model) {
      const where = 'fedBuff.deserialize';
      const bytes = checkBytes(`${where}: bytes`, given);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const length = bytes.length < 8 ? Infinity : view.getUint32(0, true);
      if (length > bytes.length - 8 || view.getUint32(4, true) !== 0) {
        malformed(where, `a state within ${bytes.length} bytes`, length);
      }
      const state = fields(where, decodeState(bytes.subarray(8, 8 + length), { kind: 'fedBuff', model }));
      const version = whole(`${where}: version`, state.version, Number.MAX_SAFE_INTEGER);
      const params = vector(`${where}: params`, state.params);
      const tickets = Tickets.fromPlainData(`${where}: tickets`, state.tickets, version);
      const optimizer = fields(`${where}: optimizer`, state.optimizer) as PlainData;
      const restored = new State(params, optimizer, tickets, bytes.subarray(8 + length));
      restored.version = version;
      if (restored.buffered >= bufferSize) {
        restored.rule.dispose(restored.buffer);
        malformed(`${where}: buffer`, `fewer than ${bufferSize} contributions`, restored.buffered);
      }
      return restored;
    },
    dispose(state) {
      const { rule, buffer } = use('dispose', state);
      rule.dispose(buffer);
    },
  };
}

function use(method: string, state: AsynchronousState): State {
  if (!(state instanceof State)) refuse('INVALID_ARGUMENT', `fedBuff.${method}: state`, 'a state of fedBuff', state);
  return state;
}
