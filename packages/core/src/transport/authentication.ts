/**
 * Who asks: no server's end is made without an answer to that.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';

interface Authentication<A> {
  readonly authenticate?: ((asked: A) => ClientId | undefined | Promise<ClientId | undefined>) | undefined;
  readonly insecure?: boolean | undefined;
}

/**
 * The hook, or `believe` where `insecure` is `true` in its place. What the hook throws, and a name that is none, is an
 * `Error`: its FedkitErrors must not be taken for the client's fault. Strangers are `undefined`.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for neither or both.
 */
export function authenticationOf<A>(
  where: string,
  { authenticate, insecure }: Authentication<A>,
  believe: (asked: A) => ClientId | undefined,
): (asked: A) => Promise<ClientId | undefined> {
  if (authenticate === undefined && insecure === true) return async (asked) => believe(asked);
  if (typeof authenticate !== 'function' || insecure === true) {
    const expected = 'a function that names the client, or insecure: true in its place';
    refuse('INVALID_ARGUMENT', `${where}: authenticate`, expected, authenticate);
  }
  return async (asked) => {
    try {
      const client = await authenticate(asked);
      if (client !== undefined && typeof client !== 'string') {
        refuse('INVALID_ARGUMENT', `${where}: authenticate`, 'a client id or undefined', client);
      }
      return client === '' ? undefined : client;
    } catch (cause) {
      throw new Error(`${where}: authenticate failed`, { cause });
    }
  };
}
