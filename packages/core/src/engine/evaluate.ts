/**
 * A model judged by workers, each on its share of the examples.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkVector, refuse } from '../check.ts';
import { secureRng } from '../random.ts';
import { jobId } from './call.ts';
import type { EngineJob, EngineProgress, TaskEngine, TaskHandler } from './contract.ts';
import { decodeStructure, encodeStructure } from './structure.ts';

/** Of one share, or of all: means over its examples, and how many they were. */
export interface Evaluation {
  readonly loss: number;
  readonly accuracy: number;
  readonly examples: number;
}

/** What a worker is asked. */
interface EvaluationQuestion {
  readonly share: number;
  /** A call of its own, whoever else asks the same. */
  readonly call: Uint8Array;
}

/**
 * An `evaluate` for `simulate`, or for whoever holds a model: workers that know a task `evaluate` ({@link evaluateTask}) judge
 * a share each. The means weigh every example alike, and are summed in the order of the shares.
 *
 * Leaves no blob behind where it returns.
 *
 * @param options.shares - Into how many parts the examples are cut, ≥ 1: the workers' own affair how.
 * @throws FedkitError what a worker throws for good; `ABORTED`.
 */
export function remoteEvaluation(
  engine: TaskEngine,
  options: { readonly shares: number; readonly onProgress?: (progress: EngineProgress) => void },
): (params: Float32Array, round?: number, signal?: AbortSignal) => Promise<Evaluation> {
  checkOptions('remoteEvaluation', options, { shares: true, onProgress: true } satisfies OptionNames<typeof options>);
  const shares = checkInteger('remoteEvaluation: shares', options.shares, 1);
  const { blobs } = engine;
  const { onProgress } = options;
  return async (params, _round, signal) => {
    checkVector('remoteEvaluation: params', params);
    const call = secureRng().fill(new Uint8Array(16));
    const model = await blobs.put(encodeStructure({ call, params }));
    const questions: string[] = [];
    for (let share = 0; share < shares; share++)
      questions.push(await blobs.put(encodeStructure({ share, call } satisfies EvaluationQuestion)));
    const job: EngineJob = {
      id: jobId('evaluate', [model, ...questions]),
      tasks: questions.map((question) => ({ kind: 'evaluate', inputs: [model, question] })),
    };
    const results = await engine.run(job, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
    let [loss, accuracy, examples] = [0, 0, 0];
    for (const result of results) {
      const found = decodeStructure(await blobs.get(result)) as unknown as Evaluation;
      if (!(found?.examples >= 0)) refuse('DECODE_FAILED', 'remoteEvaluation', 'an evaluation of a share', found);
      if (found.examples === 0) continue;
      loss += found.loss * found.examples;
      accuracy += found.accuracy * found.examples;
      examples += found.examples;
    }
    await engine.forget(job.id);
    for (const digest of [model, ...questions, ...results]) await blobs.delete(digest);
    return { loss: loss / examples, accuracy: accuracy / examples, examples };
  };
}

/**
 * The workers' end of {@link remoteEvaluation}: `{ evaluate: evaluateTask((params, share) => …) }`.
 *
 * @param evaluate - Pure: means over the examples of a share, and how many they are.
 * @example
 * ```ts
 * import { memoryStore, softmaxRegression } from '@fedkit/core';
 * import { evaluateTask, inlineTasks, remoteEvaluation, storeBlobs } from '@fedkit/core/engine';
 *
 * const model = softmaxRegression({ inputs: 1, classes: 2 });
 * const shares = [
 *   { inputs: Float32Array.of(0, 1), labels: Uint8Array.of(0, 1) },
 *   { inputs: Float32Array.of(1), labels: Uint8Array.of(1) },
 * ];
 * const evaluate = evaluateTask((params, share) => ({
 *   ...model.evaluate(params, shares[share]),
 *   examples: shares[share].labels.length,
 * }));
 * const engine = inlineTasks({ blobs: storeBlobs(memoryStore()), handlers: { evaluate } });
 * const judge = remoteEvaluation(engine, { shares: 2 });
 * console.log((await judge(new Float32Array(model.layout.size))).examples); // => 3
 * ```
 */
export function evaluateTask(
  evaluate: (params: Float32Array, share: number, signal?: AbortSignal) => Evaluation | Promise<Evaluation>,
): TaskHandler {
  return async ([model, question], { blobs, signal }) => {
    const { params } = decodeStructure(await blobs.get(model)) as unknown as { readonly params: Float32Array };
    const { share, call } = decodeStructure(await blobs.get(question)) as unknown as EvaluationQuestion;
    const { loss, accuracy, examples } = await evaluate(params, share, signal);
    // A result of its own too: two shares that come to the same are two blobs.
    return encodeStructure({ loss, accuracy, examples, share, call });
  };
}
