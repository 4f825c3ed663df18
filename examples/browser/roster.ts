/**
 * Who is in the current round, from what the server tells.
 *
 * @module
 */
import type { ServerEvent } from '@fedkit/core';
import type { Participant } from './status.ts';

/** Follows one round after another. */
export class Roster {
  readonly #awaited: () => readonly string[];
  /** Everybody of this round, and whether they are gone. */
  readonly #gone: Map<string, boolean> = new Map();
  /** The round has ended: nobody is awaited, and who is not gone was counted. */
  #over = false;

  /** @param awaited - Whom the server awaits now. */
  constructor(awaited: () => readonly string[]) {
    this.#awaited = awaited;
  }

  /** One event of the server, in its order. */
  take(event: ServerEvent): void {
    if (event.kind === 'opened') {
      this.#gone.clear();
      this.#over = false;
    } else if (event.kind === 'declined') this.#gone.set(event.client, true);
    else if (event.kind === 'advanced') queueMicrotask(() => this.#begin());
    else if (event.kind === 'published') {
      this.#over = true;
      for (const client of this.#gone.keys()) this.#gone.set(client, !event.record.contributors.includes(client));
    }
  }

  /** In a new stage everybody is awaited who is still there. */
  #begin(): void {
    const awaited = new Set(this.#awaited());
    if (awaited.size === 0) return;
    for (const client of this.#gone.keys()) this.#gone.set(client, !awaited.has(client));
  }

  participants(): Participant[] {
    const awaited = new Set(this.#over ? [] : this.#awaited());
    for (const client of awaited) this.#gone.set(client, false);
    return Array.from(
      this.#gone,
      ([id, gone]): Participant => ({
        id,
        state: gone ? 'gone' : awaited.has(id) ? 'working' : 'done',
      }),
    ).sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
