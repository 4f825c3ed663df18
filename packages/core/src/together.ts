/**
 * Several things at a time, but not all of them.
 *
 * @module
 */

/** What `work` comes to for each item, in the items' order; at most `limit` are under way. Rejects with the first failure. */
export async function together<T, R>(items: readonly T[], limit: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
