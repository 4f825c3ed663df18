/**
 * Threads that help with the kernels of one memory.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { ALONE, HELPED, LEFT, STARTED, THREADS, WAITING } from './board.ts';
import type { HelperData, HelperThread, StartThread } from './start-thread.ts';

/** A wait is asked this often, at most so many milliseconds apart. */
const SLICE = 100;
/** Slices without a finished chunk after which a helper counts as dead: a chunk takes milliseconds, this is 10 seconds awake. */
export const LIMIT = 100;

/**
 * A helper that takes so many milliseconds for a chunk has no processor to itself. Then as many jobs as follow are done alone, before
 * one is shared again: on a busy machine every job would wait for a helper's turn.
 */
const SCARCE = 5;
const JOBS_ALONE = 256;

/**
 * Whether threads of this engine share memory. A page must be cross-origin isolated for it
 * (https://developer.mozilla.org/docs/Web/API/Window/crossOriginIsolated).
 */
export function memoryIsShared(): boolean {
  const { SharedArrayBuffer: buffers, crossOriginIsolated: isolated } = globalThis as unknown as {
    readonly SharedArrayBuffer?: unknown;
    readonly crossOriginIsolated?: boolean;
  };
  return buffers !== undefined && isolated !== false;
}

/** The helpers of a memory. Jobs are shared by whoever runs, so helpers join when they have started. */
export class Helpers {
  readonly #memory: { readonly buffer: ArrayBufferLike };
  readonly #limit: number;
  readonly #running = new Set<HelperThread>();
  #broken: FedkitError | undefined;

  /** @param count - Helpers. Those that do not start are missing, which nothing waits for. */
  constructor(
    data: Omit<HelperData, 'thread'> & { readonly memory: { readonly buffer: ArrayBufferLike } },
    count: number,
    start: StartThread,
    limit: number,
  ) {
    this.#memory = data.memory;
    this.#limit = limit;
    this.#words()[THREADS / 4] = 1 + count;
    try {
      for (let thread = 1; thread <= count; thread++) {
        const own = start({ ...data, thread }, () => this.#running.delete(own));
        this.#running.add(own);
      }
    } catch {
      // No threads here, or none by the page's policy: those that run go on alone.
    }
  }

  /** Helpers that are there, or on their way. */
  get count(): number {
    return this.#running.size;
  }

  /** Helpers that have come, and chunks they have done. */
  get done(): { readonly started: number; readonly chunks: number } {
    const words = this.#words();
    return { started: Atomics.load(words, STARTED / 4), chunks: Atomics.load(words, HELPED / 4) };
  }

  /** @throws FedkitError `UNAVAILABLE` if a helper ended under its work, which then stands half done in the memory. */
  check(): void {
    if (this.#broken) throw this.#broken;
  }

  /**
   * Returns when all chunks of the job at hand are finished: what kernels call when looking for it has taken too long.
   *
   * @throws FedkitError `UNAVAILABLE` if a helper that took one does not finish it.
   */
  wait(): void {
    const words = this.#words();
    const begun = performance.now();
    let left = Atomics.load(words, LEFT / 4);
    for (let slices = 0; left > 0; ) {
      if (slices === this.#limit) this.#fail(left);
      pause(words, left);
      const now = Atomics.load(words, LEFT / 4);
      slices = now === left ? slices + 1 : 0;
      left = now;
    }
    if (performance.now() - begun > SCARCE) words[ALONE / 4] = JOBS_ALONE;
  }

  /** Ends all helpers: between two kernels, which then have one thread. */
  async close(): Promise<void> {
    const all = [...this.#running];
    this.#running.clear();
    await Promise.all(all.map((thread) => thread.terminate()));
  }

  #words(): Int32Array {
    return new Int32Array(this.#memory.buffer);
  }

  #fail(left: number): never {
    this.#broken = new FedkitError(
      'UNAVAILABLE',
      `kernels: expected helping threads to finish, got ${left} chunks of a job unfinished: load the model again`,
      { details: { where: 'kernels', left } },
    );
    void this.close();
    throw this.#broken;
  }
}

/** Sleeps until told that nothing is left, for one slice at most. The main thread of a page may not sleep, and looks instead. */
function pause(words: Int32Array, left: number): void {
  Atomics.store(words, WAITING / 4, 1);
  try {
    Atomics.wait(words, LEFT / 4, left, SLICE);
  } catch {
    const end = performance.now() + SLICE;
    while (Atomics.load(words, LEFT / 4) === left && performance.now() < end);
  }
  Atomics.store(words, WAITING / 4, 0);
}
