/**
 * The Rényi accountant, with the order searched continuously.
 *
 * Mironov 2017; Mironov, Talwar and Zhang 2019; Canonne, Kamath and Steinke 2020.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkOptions, type OptionNames, checkNumber } from '@fedkit/core/internal';
import { type Accountant, checkDelta, checkEpsilon } from '../accountant.ts';
import { EventLog } from '../event/log.ts';
import type { DpEvent } from '../event/types.ts';
import { checkNeighboring, type Neighboring } from '../neighboring.ts';
import { encodeAccountant } from '../serialize.ts';
import {
  divergenceOfParts,
  infinityOfParts,
  type RenyiPart,
  renyiDelta,
  renyiEpsilon,
  searchedDivergence,
} from './bounds.ts';
import type { Divergence } from './divergence-of-event.ts';

/** An accountant of Rényi divergences. */
export interface RdpAccountant extends Accountant {
  readonly kind: 'rdp';
  /** The Rényi divergence of everything composed, at an order in (1, 1e9]. */
  renyiDivergence(order: number): number;
  /** The order whose divergence gives {@link Accountant.epsilon}. */
  optimalOrder(delta: number): number;
}

/**
 * An accountant of Rényi divergences: fast, for more events than {@link pldAccountant}, and some percent looser.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without a relation.
 */
export function rdpAccountant(options: { readonly neighboring: Neighboring }): RdpAccountant {
  checkOptions('rdpAccountant', options, { neighboring: true } satisfies OptionNames<typeof options>);
  return new Rdp(checkNeighboring('rdpAccountant: neighboring', options?.neighboring));
}

class Rdp implements RdpAccountant {
  readonly kind = 'rdp' as const;
  readonly neighboring: Neighboring;
  readonly #log = new EventLog('rdpAccountant');
  readonly #divergences = new Map<string, Divergence>();

  constructor(neighboring: Neighboring) {
    this.neighboring = neighboring;
  }

  compose(event: DpEvent, count = 1): this {
    this.#log.add(event, count, ({ key, event: leaf }) => {
      if (this.#divergences.has(key)) return;
      this.#divergences.set(key, searchedDivergence(leaf, this.neighboring));
    });
    return this;
  }

  renyiDivergence(order: number): number {
    checkNumber('rdpAccountant.renyiDivergence: order', order, 1 + 2 ** -40, 1e9);
    return divergenceOfParts(this.#parts())(order);
  }

  epsilon(delta: number): number {
    return this.#best(checkDelta('rdpAccountant.epsilon', delta)).epsilon;
  }

  optimalOrder(delta: number): number {
    return this.#best(checkDelta('rdpAccountant.optimalOrder', delta)).order;
  }

  delta(epsilon: number): number {
    checkEpsilon('rdpAccountant.delta', epsilon);
    if (this.#log.isEmpty()) return 0;
    return renyiDelta(this.#parts(), epsilon);
  }

  serialize(): Uint8Array {
    return encodeAccountant(this, this.#log.entries());
  }

  #best(delta: number): { epsilon: number; order: number } {
    if (this.#log.isEmpty()) return { epsilon: 0, order: 2 };
    const parts = this.#parts();
    const infinity = infinityOfParts(parts);
    if (!(delta - infinity > 0)) {
      throw new FedkitError(
        'OUT_OF_RANGE',
        `rdpAccountant: expected δ above ${infinity}, the probability of an infinite loss, below which no ε is finite; got ${delta}`,
        { details: { delta, infinity } },
      );
    }
    const { value, order } = renyiEpsilon(parts, delta - infinity);
    if (!Number.isFinite(value)) {
      throw new FedkitError('OVERFLOW', `rdpAccountant: expected an ε within float64, got ${value}`);
    }
    return { epsilon: value, order };
  }

  #parts(): RenyiPart[] {
    return this.#log
      .entries()
      .map(({ key, count }) => ({ divergence: this.#divergences.get(key) as Divergence, count }));
  }
}
