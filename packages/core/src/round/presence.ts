/**
 * Who of the waiting clients still asks.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { advanceClock, type LogicalClock } from './logical-clock.ts';

/** Kept in memory alone: after a restart a client that has gone is waited for once more, and then no longer. */
export class Presence {
  readonly #span: number;
  #time: LogicalClock;
  #swept = 0;
  readonly #seen = new Map<ClientId, number>();

  /** @param span - Milliseconds after which a client that has not asked is gone. */
  constructor(span: number, time: number) {
    this.#span = span;
    this.#time = { now: 0, clock: time };
  }

  seen(client: ClientId): void {
    this.#seen.set(client, this.#time.now);
  }

  /** Clients that are gone by now, each once. Looks four times a span: O(clients) then, O(1) otherwise. */
  gone(time: number): ClientId[] {
    this.#time = advanceClock(this.#time, time, true);
    const { now } = this.#time;
    if (now - this.#swept < this.#span / 4) return [];
    this.#swept = now;
    const gone: ClientId[] = [];
    for (const [client, seen] of this.#seen) if (now - seen >= this.#span) gone.push(client);
    for (const client of gone) this.#seen.delete(client);
    return gone;
  }
}
