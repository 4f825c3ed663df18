/**
 * What a Rényi filter has let through: of everything, and of each client for the releases it took part in.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import type { DpEvent } from '../event/types.ts';
import type { PrivacyBudget } from './record.ts';
import { RenyiFilter } from './renyi-filter.ts';
import type { Neighboring } from '../neighboring.ts';

/** A release that is about to happen; without participants anybody may take part. */
export interface NextRelease {
  readonly event: DpEvent;
  readonly count: number;
  readonly participants?: readonly ClientId[] | undefined;
}

export class AdaptiveTotals {
  readonly #filter: RenyiFilter;
  #everyone: Float64Array;
  /** `undefined` where everybody pays for everything: by choice, or since some release does not say who took part. */
  #clients: Map<ClientId, Float64Array> | undefined;

  constructor(neighboring: Neighboring, opening: PrivacyBudget, ownRounds: boolean) {
    this.#filter = new RenyiFilter(neighboring, opening);
    this.#everyone = this.#filter.empty();
    this.#clients = ownRounds ? new Map() : undefined;
  }

  add({ event, count, participants }: NextRelease): void {
    this.#everyone = this.#filter.add(this.#everyone, event, count);
    if (participants === undefined) this.#clients = undefined;
    for (const client of participants ?? []) {
      this.#clients?.set(client, this.#filter.add(this.#of(client), event, count));
    }
  }

  /** ε at `delta`; where clients pay for their own releases that of the one who, `next` included, has paid most. */
  epsilon(delta: number, next?: NextRelease): number {
    const totals = this.#concerned(next);
    const after = next === undefined ? totals : totals.map((total) => this.#filter.add(total, next.event, next.count));
    return after.reduce((most, total) => Math.max(most, this.#filter.epsilon(total, delta)), 0);
  }

  #concerned(next: NextRelease | undefined): Float64Array[] {
    if (this.#clients === undefined) return [this.#everyone];
    if (next?.participants !== undefined) return next.participants.map((client) => this.#of(client));
    return [this.#filter.empty(), ...this.#clients.values()];
  }

  #of(client: ClientId): Float64Array {
    return this.#clients?.get(client) ?? this.#filter.empty();
  }
}
