/**
 * The memory that a language model lives in: its frozen weights first, and behind them a workspace that one user has at a
 * time.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkInteger } from '@fedkit/core/internal';
import { BOARD_END } from './board.ts';
import type { LanguageKernels } from './contract.ts';
import { type Helpers, LIMIT } from './helpers.ts';
import type { KernelOptions } from './options.ts';
import { plainKernels } from './plain.ts';
import { startThread, type StartThread } from './start-thread.ts';
import { type GrowingMemory, kernelsOfOne, kernelsOfSeveral } from './wasm-kernels.ts';

/** Whoever works in the workspace; told before someone else does. */
export interface WorkspaceUser {
  evict(): void;
}

/** Views of a memory, made anew whenever it grows. */
export interface MemoryViews {
  readonly floats: Float32Array;
  readonly ints: Int32Array;
  readonly bytes: Uint8Array;
}

/** 4 GiB − 64 KiB: the most that offsets reach. */
const MOST_BYTES = 0xffff0000;
const PAGE = 65_536;

const MOST_THREADS = 16;

let forgotten: FinalizationRegistry<Helpers> | undefined;

/** Ends the threads of a memory that nobody holds any more. */
function endWithMemory(memory: KernelMemory, helpers: Helpers): void {
  forgotten ??= new FinalizationRegistry((left) => void left.close());
  forgotten.register(memory, helpers);
}

/** One growing memory with the kernels on it. */
export class KernelMemory implements MemoryViews {
  readonly kernels: LanguageKernels;
  /** Threads that scratch must have room for. */
  readonly shares: number;
  floats: Float32Array = new Float32Array(0);
  ints: Int32Array = new Int32Array(0);
  bytes: Uint8Array = new Uint8Array(0);
  /** Threads beside this one, where the memory is shared. @internal */
  readonly helpers: Helpers | undefined;
  readonly #memory: GrowingMemory | undefined;
  #kept: number;
  #user: WorkspaceUser | undefined;

  /**
   * @param start - How a thread is started.
   * @param limit - Tenths of a second without a finished chunk after which a thread counts as dead.
   * @throws FedkitError `OUT_OF_RANGE` for a number of threads that is no integer from 1 to 16.
   */
  constructor(options: KernelOptions = {}, start: StartThread = startThread, limit: number = LIMIT) {
    const { kernels = 'fastest' } = options;
    const threads = checkInteger('kernels: threads', options.threads ?? 1, 1, MOST_THREADS);
    const several = kernels === 'plain' || threads === 1 ? undefined : kernelsOfSeveral(threads, PAGE, start, limit);
    const instance = several ?? (kernels === 'plain' ? undefined : kernelsOfOne(PAGE));
    this.#memory = instance?.memory;
    this.helpers = several?.helpers;
    this.shares = several === undefined ? 1 : threads;
    this.#kept = several === undefined ? 64 : BOARD_END;
    this.kernels = instance?.kernels ?? plainKernels(this);
    this.#look(instance?.memory.buffer ?? new ArrayBuffer(PAGE));
    if (several) endWithMemory(this, several.helpers);
  }

  /** Threads that compute, this one included. */
  get threads(): number {
    return 1 + (this.helpers?.count ?? 0);
  }

  /** Whether the kernels run on WebAssembly. */
  get accelerated(): boolean {
    return this.#memory !== undefined;
  }

  /** Ends the threads beside this one. */
  async close(): Promise<void> {
    await this.helpers?.close();
  }

  /**
   * Keeps `bytes` more for good, in front of the workspace, whose user is evicted.
   *
   * @returns Where they begin, a multiple of 64.
   * @throws FedkitError `BUDGET_EXHAUSTED` if the engine has no such memory.
   */
  keep(bytes: number): number {
    this.helpers?.check();
    this.#user?.evict();
    this.#user = undefined;
    const at = this.#kept;
    this.#kept = at + 64 * Math.ceil(bytes / 64);
    try {
      this.reserve(0);
    } catch (error) {
      this.#kept = at;
      throw error;
    }
    return at;
  }

  /** Where the workspace begins. */
  get workspace(): number {
    return this.#kept;
  }

  /**
   * Makes `user` the one who works in the workspace, whose contents are then undefined if it was not before.
   *
   * @throws FedkitError `UNAVAILABLE` if a thread ended under its work.
   */
  claim(user: WorkspaceUser): void {
    this.helpers?.check();
    if (this.#user === user) return;
    this.#user?.evict();
    this.#user = user;
  }

  /** Whoever comes next need not tell `user`, who is done with what it left in the workspace. */
  release(user: WorkspaceUser): void {
    if (this.#user === user) this.#user = undefined;
  }

  /**
   * Makes the workspace at least `bytes` long; contents stay.
   *
   * @throws FedkitError `BUDGET_EXHAUSTED` if the engine has no such memory.
   */
  reserve(bytes: number): void {
    const wanted = this.#kept + bytes;
    if (wanted <= this.bytes.length) return;
    const pages = Math.ceil((wanted - this.bytes.length) / PAGE);
    try {
      if (wanted > MOST_BYTES) throw new RangeError('beyond 4 GiB');
      if (this.#memory !== undefined) {
        this.#memory.grow(pages);
        this.#look(this.#memory.buffer);
      } else {
        const larger = new ArrayBuffer(this.bytes.length + pages * PAGE);
        new Uint8Array(larger).set(this.bytes);
        this.#look(larger);
      }
    } catch (cause) {
      throw new FedkitError(
        'BUDGET_EXHAUSTED',
        `memory: expected ${wanted} bytes, got no more than ${this.bytes.length}`,
        {
          details: { where: 'memory', wanted },
          cause,
        },
      );
    }
  }

  #look(buffer: ArrayBufferLike): void {
    this.floats = new Float32Array(buffer);
    this.ints = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
  }
}
