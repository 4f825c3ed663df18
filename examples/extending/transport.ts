/**
 * A transport of one's own: a `MessagePort`, between a page and its worker, or two threads. Who holds the other end of a port is
 * known when it is made: that is the authentication.
 *
 * @module
 */
import { type ClientId, type Exchange, FedkitError, type RequestHandler } from '@fedkit/core';
import { checkAborted, onAbort } from '@fedkit/core/extend';

type Asked = { readonly id: number; readonly request: Uint8Array };
type Answered = { readonly id: number; readonly response?: Uint8Array };

/** The server's end of `client`'s port. */
export function portServer(port: MessagePort, client: ClientId, handler: RequestHandler): void {
  port.onmessage = async ({ data: { id, request } }: MessageEvent<Asked>) => {
    // Why a server fails stays with it.
    const response = await handler.handle(client, request).catch(() => undefined);
    port.postMessage({ id, ...(response && { response }) } satisfies Answered);
  };
}

/** The client's end. */
export function portExchange(port: MessagePort): Exchange {
  const waiting = new Map<number, (response: Uint8Array | undefined) => void>();
  let asked = 0;
  port.onmessage = ({ data: { id, response } }: MessageEvent<Answered>) => waiting.get(id)?.(response);
  return async (request, { signal } = {}) => {
    checkAborted('portExchange', signal);
    const id = asked++;
    let deafen = () => {};
    const response = await new Promise<Uint8Array | undefined>((resolve) => {
      deafen = onAbort(signal, () => resolve(undefined));
      waiting.set(id, resolve);
      port.postMessage({ id, request } satisfies Asked);
    });
    deafen();
    waiting.delete(id);
    checkAborted('portExchange', signal);
    return response ?? failed();
  };
}

function failed(): never {
  throw new FedkitError('UNAVAILABLE', 'portExchange: expected a response, got a failure of the server');
}
