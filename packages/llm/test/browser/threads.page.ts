/**
 * What a page does on several threads for `threads.test.ts`.
 *
 * @module
 */
import { seededRng } from '@fedkit/core';
import { adamW, languageTrainer, tokenWindows, transformer } from '../../src/index.ts';

/** What came of a training. */
export interface Trained {
  readonly isolated: boolean;
  readonly threads: number;
  /** Whether helpers did anything. */
  readonly helped: boolean;
  readonly values: number[];
}

/** Trains a small model; with several threads until helpers took part. */
export async function train(threads: number): Promise<Trained> {
  const model = transformer({ vocabulary: 61, width: 90, layers: 1, heads: 3, context: 48, threads });
  const rng = seededRng(1);
  const windows = tokenWindows([Array.from({ length: 300 }, () => rng.below(61))], { length: 48 });
  const trainer = languageTrainer(model, windows, { optimizer: adamW() });
  const start = model.init(seededRng(2));
  const { base } = model;
  for (;;) {
    const { values } = await trainer.train(
      start,
      {},
      { steps: 3, batchSize: 4, learningRate: 0.01, rng: seededRng(3) },
    );
    const helped = (base.memory.helpers?.done.chunks ?? 0) > 0;
    const { threads: own } = base;
    // A page starts its workers, and hears that it may not, between two of its turns.
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (own > 1 && !helped) continue;
    await base.close();
    return { isolated: globalThis.crossOriginIsolated, threads: own, helped, values: Array.from(values) };
  }
}

/** {@link train} in a worker of the page, whose helpers are workers of the worker. */
export function trainInWorker(threads: number): Promise<Trained> {
  const program = `import('${location.origin}/threads.js').then(({ train }) => train(${threads})).then(postMessage)`;
  const worker = new Worker(URL.createObjectURL(new Blob([program], { type: 'text/javascript' })));
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data as Trained);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
}
