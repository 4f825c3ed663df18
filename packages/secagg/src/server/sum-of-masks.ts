/**
 * The masks that come out of a round's sum, expanded here or by an executor.
 *
 * @module
 */
import type { CryptoProvider } from '../crypto/provider.ts';
import { type MaskExecutor, maskCount, runMaskTask } from '../executor/mask-task.ts';
import { VectorSum } from '../sum/vector-sum.ts';
import type { Unmasking } from './unmask.ts';

/**
 * The sum of all masks with the sign that takes them out. Tasks are worked on as soon as their secrets are rebuilt, as many at
 * once as the executor works on.
 *
 * @throws The first error of a rebuilding or a task; nothing runs any more then.
 */
export async function sumOfMasks(
  unmasking: Unmasking,
  provider: CryptoProvider,
  executor: MaskExecutor | undefined,
  onProgress: (done: number, total: number) => void,
): Promise<VectorSum> {
  const masks = new VectorSum(unmasking.layout.vectors);
  let done = 0;
  let failure: { readonly error: unknown } | undefined;
  const work = async (): Promise<void> => {
    while (failure === undefined) {
      const task = await unmasking.next();
      if (task === undefined) return;
      if (executor === undefined) {
        // A turn of the event loop, so that a server answers others meanwhile.
        await new Promise<void>((resolve) => {
          setTimeout(resolve);
        });
        await runMaskTask(provider, task, masks);
      } else masks.addSaved(await executor.run(task));
      done += maskCount(task);
      onProgress(done, unmasking.maskCount);
    }
  };
  const guarded = (): Promise<void> =>
    work().catch((error: unknown) => {
      failure ??= { error };
    });
  await Promise.all(Array.from({ length: executor?.concurrency ?? 1 }, guarded));
  if (failure !== undefined) {
    masks.release();
    throw (failure as { readonly error: unknown }).error;
  }
  return masks;
}
