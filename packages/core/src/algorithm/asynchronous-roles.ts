/**
 * Roles of tensors in algorithms without rounds: what `withRoles` makes of `fedBuff` and `fedAsync`.
 *
 *     algorithm ── sees the optimized tensors alone ──▶ x
 *     averaged     x ← x + 1/K·Σ share(τ_i)·Δ_i over the K contributions of a step       variances pooled, as with rounds
 *     largest      the largest of those contributions and before
 *
 * The buffer of statistics is the reproducible mean, as FedBuff's own: the order of contributions changes nothing.
 *
 * @module
 */
import type { LinearAccumulator } from '../aggregate/linear-fold.ts';
import { type LinearRuleAggregator, mean } from '../aggregate/mean.ts';
import type { ClientId, Update } from '../aggregate/contract.ts';
import { ByteReader, ByteWriter } from '../bytes.ts';
import { checkBytes, refuse } from '../check.ts';
import type { Layout } from '../model/layout.ts';
import { type Roles, rolesOf } from '../model/roles.ts';
import { decodeState, encodeState } from '../model/state-file.ts';
import type { NoState } from '../plain-data.ts';
import type { AsynchronousAlgorithm, AsynchronousState, Checkout } from './asynchronous.ts';
import type { ClientReport, ClientRound } from './contract.ts';
import type { FedAvgBroadcast } from './fed-avg-client.ts';
import { build, checkState } from './local-update.ts';
import { fields, vector } from './tickets.ts';
import {
  assemble,
  averagedStatistics,
  checkInner,
  COUNTERS,
  othersAtStart,
  STATISTICS,
  withRolesClient,
} from './with-roles-client.ts';

class State implements AsynchronousState {
  readonly inner: AsynchronousState;
  readonly #roles: Roles;
  others: Float32Array;
  /** Largest values of contributions that the model does not show yet. */
  counters: Float32Array;
  statistics: LinearAccumulator | undefined;
  #model: { readonly version: number; readonly params: Float32Array } | undefined;

  constructor(roles: Roles, inner: AsynchronousState, others: Float32Array, statistics?: LinearAccumulator) {
    this.#roles = roles;
    this.inner = inner;
    this.others = others;
    this.counters = roles.largest.gather(others);
    this.statistics = statistics;
  }

  get params(): Float32Array {
    const { version } = this.inner;
    if (this.#model?.version !== version)
      this.#model = { version, params: assemble(this.#roles, this.inner.params, this.others) };
    return this.#model.params;
  }

  get version(): number {
    return this.inner.version;
  }

  get buffered(): number {
    return this.inner.buffered;
  }

  get working(): readonly ClientId[] {
    return this.inner.working;
  }
}

/** @internal @throws FedkitError as `withRoles`. */
export function withAsynchronousRoles<U extends Update>(
  algorithm: AsynchronousAlgorithm<U>,
  layout: Layout,
): AsynchronousAlgorithm<U> {
  checkInner(algorithm);
  const { kind } = algorithm;
  const where = `withRoles: ${kind}`;
  const roles = rolesOf('withRoles', layout);
  const { optimized, others, averaged, largest } = roles;
  const client = withRolesClient<FedAvgBroadcast, NoState, U>(algorithm, layout);
  const rule: LinearRuleAggregator<number> | undefined = averaged.size > 0 ? mean<number>(averaged.size) : undefined;
  const owner = (model: string) => ({ kind: `${kind} with roles`, model });

  /** What contributions since the last step have brought enters the model. */
  const settle = (state: State): void => {
    let next = state.others;
    if (rule && state.statistics) {
      if (state.statistics.contributions > 0) next = averagedStatistics(roles, next, rule.finalize(state.statistics));
      rule.dispose(state.statistics);
      state.statistics = rule.create();
    }
    state.others = largest.size > 0 ? largest.scatter(state.counters, next.slice()) : next;
  };

  return {
    ...algorithm,
    roles: layout,
    beside: client.beside ?? [],
    slots: (size) => client.slots(size),
    init(params) {
      const rest = othersAtStart(`${where}.init`, roles, params);
      return new State(roles, algorithm.init(optimized.gather(params)), rest, rule?.create());
    },
    checkout(state, id): Checkout {
      const own = use(where, 'checkout', state);
      const { ticket } = algorithm.checkout(own.inner, id);
      return { ticket, broadcast: { params: own.params } };
    },
    async clientRound(round: ClientRound<FedAvgBroadcast, NoState>): Promise<ClientReport<U, NoState>> {
      const params = checkState(`${where}.clientRound: params`, round.broadcast.params, layout.size);
      const broadcast = { params: optimized.gather(params), others: others.gather(params) };
      return (await client.clientRound({ ...round, broadcast } as never)) as ClientReport<U, NoState>;
    },
    submit(state, ticket, contribution) {
      const own = use(where, 'submit', state);
      const { [STATISTICS]: change, [COUNTERS]: counters, ...values } = (contribution?.values ?? {}) as Update;
      const statistics = rule && checkState(`${where}.submit: statistics`, change as Float32Array, averaged.size);
      const counted =
        largest.size > 0 && checkState(`${where}.submit: counters`, counters as Float32Array, largest.size);
      if (rule && statistics && own.statistics) {
        // What the buffer would refuse is refused before anything counts.
        rule.accumulate(own.statistics, { values: statistics });
        rule.retract(own.statistics, { values: statistics });
      }
      const receipt = algorithm.submit(own.inner, ticket, { ...contribution, values: values as unknown as U });
      if (receipt.outcome === 'spent' || receipt.outcome === 'stale') return receipt;
      const share = algorithm.share?.(receipt.staleness ?? 0) ?? 1;
      if (rule && statistics && own.statistics) {
        rule.accumulate(own.statistics, { values: build(averaged.size, (i) => share * statistics[i]) });
      }
      if (counted) own.counters = own.counters.map((value, i) => Math.max(value, counted[i]));
      if (receipt.outcome === 'stepped') settle(own);
      return receipt;
    },
    leave: (state, id) => algorithm.leave(use(where, 'leave', state).inner, id),
    flush(state) {
      const own = use(where, 'flush', state);
      const moved = algorithm.flush(own.inner);
      if (moved) settle(own);
      return moved;
    },
    serialize(state, model) {
      const { inner, others: rest, counters, statistics } = use(where, 'serialize', state);
      return new ByteWriter()
        .long(encodeState({ others: rest, counters }, owner(model)))
        .long(rule && statistics ? rule.serialize(statistics) : new Uint8Array(0))
        .long(algorithm.serialize(inner, model))
        .finish();
    },
    deserialize(bytes, model) {
      const reader = new ByteReader(`${where}.deserialize`, checkBytes(`${where}.deserialize: bytes`, bytes));
      const [head, sums, inner] = [reader.long(), reader.long(), reader.long()];
      reader.end();
      const plain = fields(`${where}.deserialize`, decodeState(head, owner(model)));
      const rest = checkState(`${where}.deserialize: others`, vector(`${where}: others`, plain.others), others.size);
      const restored = new State(roles, algorithm.deserialize(inner, model), rest, rule?.deserialize(sums));
      const counters = vector(`${where}: counters`, plain.counters);
      restored.counters = checkState(`${where}.deserialize: counters`, counters, largest.size);
      return restored;
    },
    dispose(state) {
      const own = use(where, 'dispose', state);
      algorithm.dispose(own.inner);
      if (rule && own.statistics) rule.dispose(own.statistics);
    },
  };
}

function use(where: string, method: string, state: AsynchronousState): State {
  if (!(state instanceof State)) refuse('INVALID_ARGUMENT', `${where}.${method}: state`, 'a state of its own', state);
  return state;
}
