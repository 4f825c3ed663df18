/**
 * The chunks of a body, as they are where its maker offers them: web streams would cost as much as the rest of a request.
 *
 * @module
 */

/** Chunks of a body, pushed: nothing is kept of a chunk once the call has returned. */
export interface ChunkSource {
  /** Resolves at the end; rejects where the stream breaks off. Once, and in place of reading the stream. */
  forEach(take: (chunk: Uint8Array) => void): Promise<void>;
  /** Ends `forEach` soon, by resolving. */
  cancel(): void;
}

/** Where a request keeps {@link WithChunks}. */
export const CHUNKS: unique symbol = Symbol('chunks');

/** A request that offers its body without a stream. */
interface WithChunks {
  readonly [CHUNKS]: () => ChunkSource;
}

export function chunksOf(message: Request | Response): ChunkSource {
  const shortcut = (message as Partial<WithChunks>)[CHUNKS];
  if (shortcut !== undefined) return shortcut.call(message);
  if (typeof message.body?.getReader !== 'function') return wholeOf(message);
  const reader = message.body.getReader();
  return {
    async forEach(take) {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        take(value);
      }
    },
    cancel: () => void reader.cancel().catch(() => {}),
  };
}

/** Of a body without a stream: an empty one, or any of React Native, which knows none. */
function wholeOf(message: Request | Response): ChunkSource {
  let cancel = (): void => {};
  const cancelled = new Promise<undefined>((resolve) => (cancel = () => resolve(undefined)));
  return {
    async forEach(take) {
      const bytes = await Promise.race([message.arrayBuffer(), cancelled]);
      if (bytes !== undefined) take(new Uint8Array(bytes));
    },
    cancel: () => cancel(),
  };
}
