/**
 * What each client has paid for, and the most that any of them has: against an observer who sees who takes part, a client
 * pays for the rounds of its own and for no others.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import type { Accountant } from '../accountant.ts';
import type { DpEvent } from '../event/types.ts';
import type { RdpAccountant } from '../rdp/accountant.ts';
import { epsilonOfDivergence } from '../rdp/conversion.ts';

/** Orders at which every client's Rényi divergence is kept: enough to rank clients, and a bound of ε by themselves. */
const ORDERS: readonly number[] = Array.from({ length: 37 }, (_, k) => 1 + 2 ** (k / 2 - 6));

interface PaidEvent {
  readonly event: DpEvent;
  /** Divergence of one release at each of {@link ORDERS}; `undefined` where the accountant has none. */
  readonly curve: Float64Array | undefined;
}

interface History {
  /** How often, by the event's number. */
  readonly counts: Map<number, number>;
  readonly curve: Float64Array;
}

/** A release that some clients are about to take part in. */
export interface Release {
  readonly event: DpEvent;
  readonly count: number;
}

/** Every client's releases. */
export class ClientHistories {
  readonly #numbers = new Map<string, number>();
  readonly #events: PaidEvent[] = [];
  readonly #clients = new Map<ClientId, History>();

  /** @throws FedkitError `UNSUPPORTED_EVENT` if the accountant cannot bound the event; nothing is added then. */
  add(participants: readonly ClientId[], release: Release, accountant: () => Accountant): void {
    const number = this.#numberOf(release.event, accountant);
    for (const client of participants) {
      const history = this.#clients.get(client) ?? emptyHistory();
      this.#clients.set(client, history);
      history.counts.set(number, (history.counts.get(number) ?? 0) + release.count);
      addCurve(history.curve, this.#events[number].curve, release.count);
    }
  }

  /** ε at `delta` of the client that has paid most; 0 before anyone has. */
  epsilon(accountant: () => Accountant, delta: number): number {
    return this.#most([...this.#clients.values()], accountant, delta);
  }

  /** ε of the one among `participants`, by default among all and one that is new, that has paid most once `release` is added. */
  epsilonWith(
    participants: readonly ClientId[] | undefined,
    release: Release,
    accountant: () => Accountant,
    delta: number,
  ): number {
    const number = this.#numberOf(release.event, accountant);
    const before =
      participants === undefined
        ? [emptyHistory(), ...this.#clients.values()]
        : participants.map((client) => this.#clients.get(client) ?? emptyHistory());
    const after = before.map(({ counts, curve }) => {
      const next = { counts: new Map(counts), curve: curve.slice() };
      next.counts.set(number, (counts.get(number) ?? 0) + release.count);
      addCurve(next.curve, this.#events[number].curve, release.count);
      return next;
    });
    return this.#most(after, accountant, delta);
  }

  /**
   * Histories in the order of what their curves bound: once a bound is below the ε of some client, no client behind it has
   * paid more, and none of them is composed. Equal histories are composed once.
   */
  #most(histories: readonly History[], accountant: () => Accountant, delta: number): number {
    const ranked = histories.map((history) => ({ history, bound: boundOf(history.curve, delta) }));
    ranked.sort((a, b) => b.bound - a.bound);
    const known = new Set<string>();
    let most = 0;
    for (const { history, bound } of ranked) {
      if (bound <= most) break;
      const key = keyOf(history);
      if (known.has(key)) continue;
      known.add(key);
      most = Math.max(most, Math.min(bound, this.#compose(history, accountant()).epsilon(delta)));
    }
    return most;
  }

  #compose(history: History, accountant: Accountant): Accountant {
    for (const [number, count] of history.counts) accountant.compose(this.#events[number].event, count);
    return accountant;
  }

  #numberOf(event: DpEvent, accountant: () => Accountant): number {
    const key = JSON.stringify(event);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const one = accountant().compose(event) as Partial<RdpAccountant>;
    // What has an infinite loss with some probability is no matter of divergence alone.
    const divergence = key.includes('"epsilon-delta"') ? undefined : one.renyiDivergence?.bind(one);
    const curve = divergence && Float64Array.from(ORDERS, (order) => divergence(order));
    const number = this.#events.push({ event, curve }) - 1;
    this.#numbers.set(key, number);
    return number;
  }
}

function emptyHistory(): History {
  return { counts: new Map(), curve: new Float64Array(ORDERS.length) };
}

/** An event without a curve leaves nothing bounded. */
function addCurve(into: Float64Array, curve: Float64Array | undefined, count: number): void {
  for (let i = 0; i < into.length; i++) into[i] += curve === undefined ? Infinity : count * curve[i];
}

function boundOf(curve: Float64Array, delta: number): number {
  let least = Infinity;
  for (let i = 0; i < curve.length; i++) {
    if (curve[i] < Infinity) least = Math.min(least, epsilonOfDivergence(curve[i], ORDERS[i], delta));
  }
  return least;
}

function keyOf({ counts }: History): string {
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([number, count]) => `${number}:${count}`)
    .join(' ');
}
