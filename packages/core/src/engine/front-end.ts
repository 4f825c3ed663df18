/**
 * A stateless front end: takes reports off the coordinator's hands.
 *
 * @module
 */
import { checkBytes, refuse, checkOptions, type OptionNames } from '../check.ts';
import type { ClientId } from '../aggregate/contract.ts';
import type { RequestHandler } from '../protocol/exchange.ts';
import { encodeRequest } from '../protocol/client-message.ts';
import { decodeRequest } from '../protocol/server-message.ts';
import type { BlobStore } from './contract.ts';
import { forwardedReference } from './reference.ts';

/** What a front end is made of. */
export interface FrontEndOptions {
  /** The same blobs as the coordinator's engine. */
  readonly blobs: BlobStore;
  /** 32 secret bytes that it shares with the coordinator's `engine.key`. */
  readonly key: Uint8Array;
  /** Asks the coordinator on a client's behalf. What connects the two says who the client is, and lets nobody else say so. */
  readonly ask: (client: ClientId, request: Uint8Array) => Promise<Uint8Array>;
}

/**
 * A handler for a transport that keeps reports among the blobs and sends the coordinator 68 bytes for each. It remembers nothing: any
 * number of them may stand side by side, and any may die; a client asks the next. Everything else it passes on.
 *
 * A report that it kept and the coordinator never heard of is removed with what a round leaves.
 */
export function frontEnd(options: FrontEndOptions): RequestHandler {
  checkOptions('frontEnd', options, { blobs: true, key: true, ask: true } satisfies OptionNames<FrontEndOptions>);
  const { blobs, ask } = options;
  // A copy, which whoever wipes the original does not change.
  const key = checkBytes('frontEnd: key', options.key, 32).slice();
  if (typeof ask !== 'function') refuse('INVALID_ARGUMENT', 'frontEnd: ask', 'a function', ask);
  return {
    async handle(client, bytes) {
      const request = reportIn(bytes);
      if (request === undefined) return ask(client, bytes);
      const digest = await blobs.put(request.bytes);
      const { ticket } = request;
      return ask(client, encodeRequest({ kind: 'report', ticket, bytes: forwardedReference(key, client, digest) }));
    },
  };
}

/** A report; `undefined` for everything else, nonsense among it, which the coordinator refuses by name. */
function reportIn(bytes: Uint8Array): { readonly ticket: number; readonly bytes: Uint8Array } | undefined {
  try {
    const request = decodeRequest(bytes);
    return request.kind === 'report' ? request : undefined;
  } catch {
    return undefined;
  }
}
