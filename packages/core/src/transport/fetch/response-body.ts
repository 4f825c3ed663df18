/**
 * The body of a response, as a client reads it.
 *
 * @module
 */
import { joined } from '../../bytes.ts';
import { FedkitError, isFedkitError } from '../../errors.ts';
import { unavailable } from '../retry.ts';

/**
 * All of a response, within a bound. How long it may take is its request's to say, whose signal ends it.
 *
 * @throws FedkitError `OUT_OF_RANGE` for one of more than `limit` bytes; `UNAVAILABLE` for one that is not whole.
 */
export async function responseBody(where: string, response: Response, limit: number): Promise<Uint8Array> {
  const { body, headers } = response;
  // Of a compressed response the header tells another length.
  const declared = headers.has('content-encoding') ? null : headers.get('content-length');
  const parts: Uint8Array[] = [];
  let length = 0;
  const bound = (bytes: number): void => {
    if (bytes <= limit) return;
    throw new FedkitError('OUT_OF_RANGE', `${where}: expected a response of at most ${limit} bytes, got more`);
  };
  const take = (part: Uint8Array): void => {
    parts.push(part);
    length += part.length;
    bound(length);
  };
  // React Native has none.
  const reader = typeof body?.getReader === 'function' ? body.getReader() : undefined;
  try {
    if (declared !== null) bound(Number(declared));
    if (!reader) take(new Uint8Array(await response.arrayBuffer()));
    else for (let next = await reader.read(); !next.done; next = await reader.read()) take(next.value);
  } catch (cause) {
    reader?.cancel().catch(() => {});
    throw isFedkitError(cause) ? cause : unavailable(where, 'a whole response', 'a part', { cause });
  }
  if (declared !== null && length !== Number(declared)) {
    throw unavailable(where, `a response of ${declared} bytes`, `${length}`);
  }
  return joined(parts);
}
