/**
 * What `fetchHandler` and `serve` know of each other when they meet: bytes pass as they are, where web streams would cost
 * as much as the rest of a request.
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
export interface WithChunks {
  readonly [CHUNKS]: () => ChunkSource;
}

export function chunksOf(message: Request | Response): ChunkSource {
  const shortcut = (message as Partial<WithChunks>)[CHUNKS];
  if (shortcut !== undefined) return shortcut.call(message);
  const reader = message.body?.getReader();
  return {
    async forEach(take) {
      while (reader !== undefined) {
        const { done, value } = await reader.read();
        if (done) return;
        take(value);
      }
    },
    cancel: () => void reader?.cancel().catch(() => {}),
  };
}

const BYTES = new WeakMap<Response, Uint8Array>();

/** A response of known bytes. */
export function responseOf(bytes: Uint8Array, headers: Record<string, string>): Response {
  const response = new Response(bytes as Uint8Array<ArrayBuffer>, { headers });
  BYTES.set(response, bytes);
  return response;
}

/** The bytes of a response that {@link responseOf} made. */
export function bytesOf(response: Response): Uint8Array | undefined {
  return BYTES.get(response);
}
