/**
 * A server that can be killed: what it leaves is what its store holds.
 *
 * @module
 */
import { expect } from 'vitest';
import { isFedkitError } from '../../src/errors.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { type Faults, faultyStore } from '../support/faulty-store.ts';

/** How the store of each life fails: the first is 0. */
export type Fates = (life: number) => Faults;

export class Mortal<T> {
  readonly disk: Store = memoryStore();
  readonly #open: (store: Store, life: number) => Promise<T>;
  readonly #fates: Fates;
  #lives = 0;
  #store = faultyStore(this.disk);
  server!: T;

  private constructor(open: (store: Store, life: number) => Promise<T>, fates: Fates) {
    this.#open = open;
    this.#fates = fates;
  }

  static async live<T>(open: (store: Store, life: number) => Promise<T>, fates: Fates): Promise<Mortal<T>> {
    const mortal = new Mortal(open, fates);
    await mortal.die();
    return mortal;
  }

  /** Operations of the present life's store. */
  get operations(): number {
    return this.#store.operations;
  }

  /** Kills the server: its store hears nothing of it any more. The next one opens what is there, until one can. */
  async die(): Promise<void> {
    for (;;) {
      this.#store.faults = { at: -1, forGood: true };
      this.#store = faultyStore(this.disk, { forGood: true, ...this.#fates(this.#lives++) });
      try {
        this.server = await this.#open(this.#store, this.#lives);
        return;
      } catch (error) {
        if (!isFedkitError(error)) throw error;
        expect(error.code).toBe('UNAVAILABLE');
      }
    }
  }
}
