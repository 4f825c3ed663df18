/**
 * The device's half of `withRoles`: see with-roles.ts.
 *
 * @module
 */
import { checkInteger, checkVector, refuse } from '../check.ts';
import type { Update } from '../aggregate/contract.ts';
import type { LocalObjective } from '../client/objective.ts';
import type { Trainer } from '../client/trainer.ts';
import { Layout } from '../model/layout.ts';
import { type Roles, rolesOf } from '../model/roles.ts';
import type { Selection } from '../model/selection.ts';
import type { PlainData } from '../plain-data.ts';
import type { ClientAlgorithm } from './contract.ts';
import { checkState } from './local-update.ts';

/** What the broadcast holds besides the algorithm's: all values that are not optimized, in the layout's order. */
export type RolesBroadcast = { readonly others: Float32Array };

/** What a client keeps besides the algorithm's. */
export type RolesClientState = {
  /** Its tensors of role `local`. */
  readonly local?: Float32Array;
  /** What is not optimized of a model of its own, as Ditto trains one. */
  readonly own?: Float32Array;
};

/** The slot of what is averaged only. */
export const STATISTICS = 'statistics';
/** The slot of what the largest of is taken. */
export const COUNTERS = 'counters';

/** The slots that a layout adds to an update, by size. */
export function rolesSlots({ averaged, largest }: Roles): Record<string, number> {
  return {
    ...(averaged.size > 0 && { [STATISTICS]: averaged.size }),
    ...(largest.size > 0 && { [COUNTERS]: largest.size }),
  };
}

/** Variances below 0, which lossy and noisy channels make, become 0; in place. */
export function floorVariances({ averaged, variances }: Roles, others: Float32Array): Float32Array {
  if (variances.length === 0) return others;
  const values = averaged.gather(others);
  for (const { variance } of variances) {
    const end = variance.offset + variance.size;
    for (let i = variance.offset; i < end; i++) values[i] = Math.max(0, values[i]);
  }
  return averaged.scatter(values, others);
}

/**
 * What a model begins with beside its optimized values.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a variance below 0.
 */
export function othersAtStart(where: string, roles: Roles, params: Float32Array): Float32Array {
  const rest = roles.others.gather(checkState(`${where}: params`, params, roles.layout.size));
  if (floorVariances(roles, rest.slice()).some((value, i) => value !== rest[i])) {
    refuse('OUT_OF_RANGE', `${where}: params`, 'variances ≥ 0', 'one below');
  }
  return rest;
}

/** The optimized and the other values as one model, fresh. */
export function assemble({ layout, optimized, others }: Roles, part: Float32Array, rest: Float32Array): Float32Array {
  return others.scatter(rest, optimized.scatter(part, new Float32Array(layout.size)));
}

/** What a client starts from: what was sent, under its own local tensors; fresh. */
function othersOf(where: string, roles: Roles, sent: Float32Array, local: Float32Array | undefined): Float32Array {
  const start = floorVariances(roles, checkState(`${where}: broadcast.others`, sent, roles.others.size).slice());
  if (local === undefined) return start;
  return roles.local.scatter(checkState(`${where}: state.local`, local, roles.local.size), start);
}

/** A client's half with the roles of a layout. */
export type RolesClient<B extends PlainData, C extends PlainData, U extends Update> = ClientAlgorithm<
  B & RolesBroadcast,
  C & RolesClientState,
  U
> & {
  /** The client's model, shape [d]: see `PersonalizedAlgorithm`. */
  personal(broadcast: B & RolesBroadcast, state?: C & RolesClientState): Float32Array;
  /** How many values each slot has, for `plainUpdatesClient`; of a half that says so itself. */
  slots(size: number): { readonly [K in keyof U]: number };
};

/**
 * The client's half of an algorithm with the roles of `layout`: what a device runs of `withRoles`, for `plainUpdatesClient`.
 *
 * @throws FedkitError `INVALID_ARGUMENT` as `withRoles`.
 */
export function withRolesClient<B extends PlainData, C extends PlainData, U extends Update>(
  algorithm: ClientAlgorithm<B, C, U>,
  layout: Layout,
): RolesClient<B, C, U> {
  const where = `withRoles: ${algorithm.kind}`;
  const roles = rolesOf('withRoles', layout);
  const { optimized, averaged, largest, local } = roles;
  const part = Layout.of(optimized.tensors.map(({ name, shape }) => ({ name, shape })));

  return {
    ...algorithm,
    roles: layout,
    beside: [...(algorithm.beside ?? []), ...Object.keys(rolesSlots(roles))],
    slots(size) {
      checkInteger(`${where}.slots: size`, size, layout.size, layout.size);
      const { slots } = algorithm as Partial<RolesClient<B, C, U>>;
      if (slots === undefined) {
        refuse(
          'INVALID_ARGUMENT',
          'withRolesClient: algorithm',
          "a client's half such as fedAvgClient()",
          algorithm.kind,
        );
      }
      return { ...slots(optimized.size), ...rolesSlots(roles) };
    },
    async clientRound({ broadcast, state, trainer, options }) {
      const start = othersOf(where, roles, broadcast.others, state?.local);
      const bench = benchOf(where, roles, part, trainer, start, state?.own);
      const report = await algorithm.clientRound({
        broadcast,
        ...(state !== undefined && { state }),
        trainer: bench.trainer,
        options,
      });
      const { reported, own } = bench;
      const { values, weight = report.local.examples } = report.contribution;
      return {
        ...report,
        contribution: {
          ...report.contribution,
          weight,
          values: {
            ...values,
            ...(averaged.size > 0 && { [STATISTICS]: movedStatistics(roles, start, reported()) }),
            ...(largest.size > 0 && { [COUNTERS]: largest.gather(reported()) }),
          },
        },
        state: {
          ...(report.state as object),
          ...(local.size > 0 && { local: local.gather(reported()) }),
          ...(own() && { own: own() }),
        } as C & RolesClientState,
      };
    },
    ...(algorithm.settle && {
      settle(round) {
        const { local: kept, own } = round.reported ?? round.state ?? {};
        const settled = (algorithm.settle as NonNullable<typeof algorithm.settle>)(round);
        return { ...(settled as object), ...(kept && { local: kept }), ...(own && { own }) } as C & RolesClientState;
      },
    }),
    personal(broadcast, state) {
      const { personal } = algorithm as { personal?: (broadcast: B, state?: C) => Float32Array };
      const { params } = broadcast as { readonly params?: Float32Array };
      const values = personal ? personal(broadcast, state) : params;
      const others = state?.own ?? othersOf(where, roles, broadcast.others, state?.local);
      return assemble(
        roles,
        checkVector(`${where}: broadcast.params`, values, optimized.size),
        checkVector(`${where}: state.own`, others, roles.others.size),
      );
    },
  };
}

/** A trainer of the optimized tensors alone, which carries the others along from one training to the next. */
function benchOf(
  where: string,
  roles: Roles,
  part: Layout,
  trainer: Trainer,
  start: Float32Array,
  kept: Float32Array | undefined,
): {
  readonly trainer: Trainer;
  readonly reported: () => Float32Array;
  readonly own: () => Float32Array | undefined;
} {
  const { layout, optimized, others, frozen } = roles;
  let reported = start;
  let own: Float32Array | undefined;
  return {
    reported: () => reported,
    own: () => own,
    trainer: {
      layout: part,
      async train(values, objective, options) {
        // An anchor elsewhere than the start is that of a model of the client's own.
        const isOwn = objective.anchor !== undefined;
        const from = isOwn ? (own ?? kept ?? start) : reported;
        const full = assemble(roles, values, checkVector(`${where}: state.own`, from, others.size));
        const result = await trainer.train(full, widened(roles, full, objective), options);
        const moved = checkState(`${where}: update`, result.values, layout.size);
        const change = others.gather(moved);
        const next = frozen.scatter(
          frozen.gather(from),
          from.map((value, i) => value + change[i]),
        );
        if (isOwn) own = next;
        else reported = next;
        return { ...result, values: optimized.gather(moved) };
      },
      async gradient(at) {
        const gradient = await trainer.gradient(assemble(roles, at, start));
        return optimized.gather(checkVector(`${where}: gradient`, gradient, layout.size));
      },
    },
  };
}

/** An objective on the optimized tensors as one on the model: nothing pulls, scales or shifts the others. */
function widened({ layout, optimized, free }: Roles, full: Float32Array, objective: LocalObjective): LocalObjective {
  const { anchor, proximal, scale, shift, trainable } = objective;
  const wide = (values: number | Float32Array, rest: number): Float32Array => {
    const all = new Float32Array(layout.size).fill(rest);
    if (typeof values !== 'number') return optimized.scatter(values, all);
    for (const { start, end } of optimized.spans) all.fill(values, start, end);
    return all;
  };
  const names = trainable && new Set(trainable.tensors.map(({ name }) => name));
  const frees = names ? layout.select((tensor) => freed(tensor, names)) : free;
  return {
    ...(anchor && { anchor: optimized.scatter(anchor, full.slice()) }),
    ...(proximal !== undefined && proximal !== 0 && { proximal: wide(proximal, 0) }),
    ...(scale !== undefined && scale !== 1 && { scale: wide(scale, 1) }),
    ...(shift && { shift: wide(shift, 0) }),
    ...(frees.size < layout.size && { trainable: frees }),
  };
}

function freed({ name, role = 'optimized' }: Selection['tensors'][number], names: ReadonlySet<string>): boolean {
  return role === 'optimized' ? names.has(name) : role !== 'frozen';
}

/**
 * What averaged tensors changed by. Of a variance it is that of the second moment around the mean that was sent, so that the
 * mean of all gives the pooled variance: law of total variance.
 */
function movedStatistics({ averaged, variances }: Roles, start: Float32Array, end: Float32Array): Float32Array {
  const before = averaged.gather(start);
  const change = averaged.gather(end);
  for (let i = 0; i < change.length; i++) change[i] -= before[i];
  for (const { variance, mean } of variances) {
    for (let i = 0; i < variance.size; i++) change[variance.offset + i] += change[mean.offset + i] ** 2;
  }
  return change;
}

/** The averaged tensors after a round. @param change - The mean of what clients' changed by. @internal */
export function averagedStatistics(roles: Roles, others: Float32Array, change: Float32Array): Float32Array {
  const { averaged, variances } = roles;
  const values = averaged.gather(others);
  const next = values.map((value, i) => value + change[i]);
  for (const { variance, mean } of variances) {
    for (let i = 0; i < variance.size; i++) {
      const at = variance.offset + i;
      next[at] = Math.max(0, values[at] + change[at] - change[mean.offset + i] ** 2);
    }
  }
  return averaged.scatter(next, others.slice());
}

/** Refuses metrics inside: they would be taken of a part of the model. */
export function checkInner(algorithm: object): void {
  if ('metricsOf' in algorithm) {
    refuse('INVALID_ARGUMENT', 'withRoles: algorithm', 'metrics outside: withMetrics(withRoles(…))', 'withMetrics');
  }
}
