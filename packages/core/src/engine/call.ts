/**
 * A function whose work is done by an engine: unmasking, training, evaluation.
 *
 * @module
 */
import { secureRng } from '../random.ts';
import { sha256Hex } from '../sha256-hex.ts';
import type { EngineJob, TaskEngine, TaskHandler } from './contract.ts';
import { decodeStructure, encodeStructure, type Structure } from './structure.ts';

/** A function on the other end of an engine. */
export interface RemoteCall<Q, A> {
  /** How many calls are worth making at once. */
  readonly concurrency: number;
  /** As the function of {@link callTask} answers; what it throws for good is thrown here. */
  run(question: Q, signal?: AbortSignal): Promise<A>;
}

/**
 * Calls the function that workers know as `kind`. The question and the answer are blobs while the call lasts, and gone after it:
 * where they hold secrets, as unmasking does, so do the blobs for that long. A caller that dies leaves them: give calls a prefix of
 * blobs of their own, and let whoever takes its place begin with `clearBlobs`.
 *
 * @example
 * ```ts
 * import { memoryStore } from '@fedkit/core';
 * import { callTask, inlineTasks, remoteCall, storeBlobs } from '@fedkit/core/engine';
 *
 * const double = callTask((values: Float32Array) => values.map((value) => 2 * value));
 * const engine = inlineTasks({ blobs: storeBlobs(memoryStore()), handlers: { double } });
 * const answer = await remoteCall<Float32Array, Float32Array>(engine, 'double').run(Float32Array.of(1, 2));
 * console.log(answer); // => Float32Array(2) [ 2, 4 ]
 * ```
 */
export function remoteCall<Q, A>(engine: TaskEngine, kind: string): RemoteCall<Q, A> {
  const { blobs } = engine;
  return {
    get concurrency() {
      return engine.concurrency;
    },
    async run(question, signal) {
      // A call of its own, whoever else asks the same: each removes its blobs.
      const call = secureRng().fill(new Uint8Array(16));
      const input = await blobs.put(encodeStructure({ call, question }));
      const job: EngineJob = { id: jobId(kind, [input]), tasks: [{ kind, inputs: [input] }] };
      const [output] = await engine.run(job, signal && { signal });
      const answer = decodeStructure(await blobs.get(output)) as A;
      await engine.forget(job.id);
      for (const digest of [input, output]) await blobs.delete(digest);
      return answer;
    },
  };
}

/** The worker's end of {@link remoteCall}. The function is pure: it may be called twice for one question. */
export function callTask<Q, A>(call: (question: Q, signal?: AbortSignal) => A | Promise<A>): TaskHandler {
  return async ([input], { blobs, signal }) => {
    const { question } = decodeStructure(await blobs.get(input)) as { readonly question: Structure };
    return encodeStructure(await call(question as Q, signal));
  };
}

/** The id of what is done with these inputs: the same for the same. */
export function jobId(kind: string, inputs: readonly string[]): string {
  return `${kind}-${sha256Hex(inputs.join('\n')).slice(0, 40)}`;
}
