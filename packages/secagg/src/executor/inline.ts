/**
 * Mask tasks on the calling thread, with a turn of the event loop between them.
 *
 * @module
 */
import { defaultProvider } from '../crypto/default-provider.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { VectorSum } from '../sum/vector-sum.ts';
import { type MaskExecutor, runMaskTask } from './mask-task.ts';

/** The executor a server uses where none is handed in. */
export function inlineExecutor(provider: CryptoProvider = defaultProvider()): MaskExecutor {
  let held: { layout: string; sum: VectorSum } | undefined;
  return {
    concurrency: 1,
    async run(task) {
      await new Promise<void>((resolve) => {
        setTimeout(resolve);
      });
      // One memory serves all tasks of a round; it is zero whenever it is free.
      const layout = JSON.stringify(task.layout.vectors);
      const { sum } = held?.layout === layout ? held : { sum: new VectorSum(task.layout.vectors) };
      held = undefined;
      await runMaskTask(provider, task, sum);
      const saved = sum.save();
      sum.erase();
      held = { layout, sum };
      return saved;
    },
  };
}
