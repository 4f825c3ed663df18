/**
 * The fleet as a client of its server.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import { decodeResponse, encodeRequest, type Request, type RequestHandler, type Response } from '@fedkit/core/protocol';

/** Asks the server in a node's name. */
export type Ask = (client: ClientId, request: Request) => Promise<Response>;

/** @throws what the server throws where it is at fault. */
export function askOf(server: RequestHandler): Ask {
  return async (client, request) => decodeResponse(await server.handle(client, encodeRequest(request)));
}
