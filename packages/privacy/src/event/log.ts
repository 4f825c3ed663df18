/**
 * What an accountant remembers: events and their counts.
 *
 * @module
 */
import { checkInteger } from '@fedkit/core/internal';
import { type CountedEvent, flatten, mergeCounted, sortedByKey } from './flatten.ts';
import type { DpEvent } from './types.ts';

/** Distinct events with counts; adding is all or nothing. */
export class EventLog {
  readonly #where: string;
  readonly #entries = new Map<string, CountedEvent>();

  constructor(where: string) {
    this.#where = where;
  }

  /** Adds `event`, `count` times; `accept` sees every leaf first, and whatever it throws leaves the log unchanged. */
  add(event: DpEvent, count: number, accept: (leaf: CountedEvent) => void): void {
    const where = `${this.#where}.compose`;
    checkInteger(`${where}: count`, count, 1);
    const leaves = flatten(`${where}: event`, event, count);
    for (const leaf of leaves) accept(leaf);
    mergeCounted(`${where}: count`, this.#entries, leaves);
  }

  isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Sorted by event, so that nothing depends on the order of composition. */
  entries(): readonly CountedEvent[] {
    return sortedByKey(this.#entries.values());
  }
}
