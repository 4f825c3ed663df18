/**
 * What is at hand of a server's end, and whether more is let in.
 *
 * @module
 */
import type { Clock } from '../protocol/clock.ts';
import { within } from '../protocol/grace.ts';

/** Counts messages in and out. */
export class Gate {
  readonly #clock: Clock;
  #inside = 0;
  #draining = false;
  #empty: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Runs `work` as a message at hand. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    this.#inside++;
    try {
      return await work();
    } finally {
      if (--this.#inside === 0) for (const resolve of this.#empty.splice(0)) resolve();
    }
  }

  /** Lets nothing more in; resolves once nothing is at hand, or after `grace` milliseconds: whether nothing is. */
  async drain(grace: number): Promise<boolean> {
    this.#draining = true;
    if (this.#inside === 0) return true;
    return within(grace, new Promise<void>((resolve) => this.#empty.push(resolve)), this.#clock);
  }
}
