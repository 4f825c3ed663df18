/**
 * One request of a device and its answer.
 *
 * @module
 */
import { checkAborted } from '../abort.ts';
import { checkBytes } from '../check.ts';
import { FedkitError } from '../errors.ts';
import type { Exchange } from '../protocol/exchange.ts';
import { decodeResponse, encodeRequest } from '../protocol/client-message.ts';
import type { Request, Response } from '../protocol/message.ts';
import { refusal } from './answers.ts';

/** What became of an exchange that is told of, between its tries. */
export type OnFailure = (error: FedkitError, milliseconds: number) => void;

/**
 * Asks a server. Answers that are none, and refusals for now, are `UNAVAILABLE`.
 *
 * @param request - To be encoded, or as it was.
 * @throws FedkitError `UNAVAILABLE`, `ABORTED`, what the exchange throws; `INVALID_ARGUMENT` where it returns no bytes.
 */
export async function ask(
  where: string,
  { exchange, signal }: { readonly exchange: Exchange; readonly signal?: AbortSignal },
  request: Request | Uint8Array,
  onFailure: OnFailure,
): Promise<Response> {
  const encoded = request instanceof Uint8Array ? request : encodeRequest(request);
  const answer = await exchange(encoded, { ...(signal && { signal }), onFailure });
  checkAborted(where, signal);
  const bytes = checkBytes(`${where}: exchange: what it resolves with`, answer);
  let response: Response;
  try {
    response = decodeResponse(bytes);
  } catch (cause) {
    throw new FedkitError('UNAVAILABLE', `${where}: expected a response, got other bytes`, { cause });
  }
  if (response.kind === 'refused' && response.code === 'UNAVAILABLE') throw refusal(response);
  return response;
}
