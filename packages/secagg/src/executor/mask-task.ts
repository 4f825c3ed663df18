/**
 * Taking masks out of the sum, cut into tasks that do not depend on each other: a task is plain data, its result is a
 * sum of masks, and the results add up in any order.
 *
 * @module
 */
import { agreementOf } from '../crypto/agreement-of.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import { type Party, extractKey } from '../key-derivation.ts';
import { type MaskLayout, type Pair, addMasks, addPairMasks, selfMask } from '../mask.ts';
import type { VectorSum } from '../sum/vector-sum.ts';

/** One unit of work. */
export interface MaskTask {
  readonly layout: MaskLayout;
  /** Survivors whose own mask goes out, with its seed. */
  readonly selfMasks: readonly { readonly party: Party; readonly seed: Uint8Array }[];
  /** Dropped clients whose pairwise masks with survivors go out, with their rebuilt secret key. */
  readonly pairMasks: readonly {
    readonly party: Party;
    readonly secretKey: Uint8Array;
    readonly survivors: readonly Party[];
  }[];
}

/** Runs tasks, here or elsewhere. */
export interface MaskExecutor {
  /** How many tasks it works on at once, ≥ 1. */
  readonly concurrency: number;
  /** The masks of the task with the sign that takes them out, as words of memory: 32-bit ones up to 32 bits an entry, else 64-bit, each vector
   * from a multiple of 64 bytes on. */
  run(task: MaskTask): Promise<Uint8Array>;
}

/** Masks in a task: the unit of progress. */
export function maskCount(task: MaskTask): number {
  return task.selfMasks.length + task.pairMasks.reduce((sum, { survivors }) => sum + survivors.length, 0);
}

/** Adds the task's masks, with the sign that takes them out, to `sum`. */
export async function runMaskTask(provider: CryptoProvider, task: MaskTask, sum: VectorSum): Promise<void> {
  const { layout, selfMasks, pairMasks } = task;
  const own = selfMasks.map(({ party, seed }) => selfMask(extractKey(provider, layout.context, seed), party, -1));
  await addMasks(provider, layout, sum, own);
  for (const { party, secretKey, survivors } of pairMasks) {
    const agreement = await agreementOf(provider, secretKey);
    const pairs = survivors.map((survivor): Pair => [survivor, party]);
    await addPairMasks(provider, layout, sum, agreement, pairs, 'self', -1);
  }
}
