/**
 * A client and its server in one process.
 *
 * @module
 */
import { checkAborted } from '../../abort.ts';
import type { ClientId } from '../../aggregate/contract.ts';
import { checkBytes, refuse } from '../../check.ts';
import { FedkitError } from '../../errors.ts';
import type { Exchange, RequestHandler } from '../../protocol/exchange.ts';

/**
 * `client`'s end of a transport to `handler`. Bytes are copied both ways, as any network would; a handler that rejects is
 * `UNAVAILABLE` to its client.
 */
export function memoryTransport(handler: RequestHandler, client: ClientId): Exchange {
  if (typeof handler?.handle !== 'function')
    refuse('INVALID_ARGUMENT', 'memoryTransport: handler', 'a request handler', handler);
  if (typeof client !== 'string' || client === '')
    refuse('INVALID_ARGUMENT', 'memoryTransport: client', 'a name', client);
  return async (request, { signal } = {}) => {
    checkAborted('memoryTransport', signal);
    let response: Uint8Array;
    try {
      response = await handler.handle(client, checkBytes('memoryTransport: request', request).slice());
    } catch (cause) {
      throw new FedkitError('UNAVAILABLE', 'memoryTransport: expected an answer, got an error of the server', {
        cause,
      });
    }
    checkAborted('memoryTransport', signal);
    return new Uint8Array(response);
  };
}
