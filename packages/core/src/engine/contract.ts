/**
 * Where a server's heavy work is done: here, on threads, on other machines. Tasks are pure functions from blobs to a blob, so that
 * a task that was lost is done again, and one that was done twice has done no harm.
 *
 * @module
 */

/**
 * Bytes by their SHA-256. What a task reads and writes goes through here; a queue carries digests alone.
 *
 * A `put` whose promise has resolved survives a crash. Bytes handed in or out are not shared with the caller.
 */
export interface BlobStore {
  /** Keeps bytes, and names them: 64 hexadecimal digits of their SHA-256. The same bytes are kept once. */
  put(bytes: Uint8Array): Promise<string>;
  /** @throws FedkitError `UNAVAILABLE` where they are not there; `DECODE_FAILED` where others are. */
  get(digest: string): Promise<Uint8Array>;
  has(digest: string): Promise<boolean>;
  delete(digest: string): Promise<void>;
  /** Every digest, in any order. */
  digests(): AsyncIterable<string>;
}

/** One piece of work. Its result depends on its kind and the bytes of its inputs alone. */
export interface EngineTask {
  /** Which of the workers' {@link TaskHandlers} does it: letters, digits and dashes. */
  readonly kind: string;
  /** Digests of blobs. */
  readonly inputs: readonly string[];
}

/** Tasks that do not depend on each other, and perhaps one that takes all their results, after its own inputs and in their order. */
export interface EngineJob {
  /** Letters, digits and dashes. The same job has the same id: handed in twice, it is done once. */
  readonly id: string;
  readonly tasks: readonly EngineTask[];
  readonly last?: EngineTask;
}

/** What a handler may use besides its inputs. */
export interface TaskContext {
  readonly blobs: BlobStore;
  /** Fires where nobody waits for the result any more. A queue's workers have none: whoever hands the job in again waits for it too. */
  readonly signal?: AbortSignal;
}

/**
 * Does one task: reads its inputs from the blobs, returns the result's bytes. It keeps nothing, and what it throws as a `FedkitError`
 * other than `UNAVAILABLE` is final. Long work lets the event loop turn every 50 ms or so, or a queue takes its worker for dead.
 */
export type TaskHandler = (inputs: readonly string[], context: TaskContext) => Uint8Array | Promise<Uint8Array>;

/** What a worker can do, by a task's kind. Both ends must mean the same by it: deploy them together. */
export type TaskHandlers = Readonly<Record<string, TaskHandler>>;

/** How far a job is. */
export interface EngineProgress {
  readonly done: number;
  readonly tasks: number;
}

/** Does jobs. */
export interface TaskEngine {
  /** How many tasks are worth handing in at once, ≥ 1: a hint for whoever cuts work into tasks. */
  readonly concurrency: number;
  /** Where its tasks' inputs and results are. */
  readonly blobs: BlobStore;
  /**
   * Does all tasks, and then the last. What `onProgress` throws or rejects with changes nothing.
   *
   * @returns Digests of the tasks' results in their order, and of the last one's alone where there is one.
   * @throws FedkitError what a task throws for good; `ABORTED` once the signal fires; `UNAVAILABLE` where the engine cannot be reached:
   * the same job can be handed in again.
   */
  run(
    job: EngineJob,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (progress: EngineProgress) => void },
  ): Promise<string[]>;
  /** Lets go of what the engine itself remembers of a job. Its blobs are the caller's. */
  forget(id: string): Promise<void>;
  close(): Promise<void>;
}
