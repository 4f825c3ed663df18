import { FedkitError, isFedkitError } from '@fedkit/core';
import { isWellFormed, refuse } from '@fedkit/core/internal';

/** Whatever a client of a database throws means the same: not now. Its words may hold addresses, so that they stay in the cause. */
export async function unlessDown<T>(where: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (isFedkitError(cause)) throw cause;
    // PostgreSQL's words for a table or a schema that is not there.
    if (['42P01', '3F000'].includes(String((cause as { code?: unknown } | null)?.code))) {
      const message = `${where}: expected the database that was made ready, got one that was emptied`;
      throw new FedkitError('UNAVAILABLE', message, { cause, details: { emptied: true } });
    }
    if (isFull(cause)) {
      const message = `${where}: expected room in the database, got a full disk or memory`;
      throw new FedkitError('UNAVAILABLE', message, { cause, details: { full: true } });
    }
    throw new FedkitError('UNAVAILABLE', `${where}: expected an answer of the database, got none`, { cause });
  }
}

/** PostgreSQL's `disk_full` and `out_of_memory`; Redis at its `maxmemory`, or with an append-only file that it cannot write. */
function isFull(cause: unknown): boolean {
  const { code, message, previousErrors } = (cause ?? {}) as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly previousErrors?: unknown;
  };
  // A transaction tells of what was wrong with its commands.
  if (Array.isArray(previousErrors) && previousErrors.some(isFull)) return true;
  return ['53100', '53200'].includes(String(code)) || /OOM command not allowed|MISCONF /.test(String(message));
}

/** @throws FedkitError `PROTOCOL_STATE`. */
export function unfit(where: string, expected: string, got: string): never {
  throw new FedkitError('PROTOCOL_STATE', `${where}: expected ${expected}, got ${got}`);
}

/** @throws FedkitError `INVALID_ARGUMENT` for what is no key: a lone surrogate among them, which is written as if it were U+FFFD. */
export function checkKey(where: string, key: unknown): string {
  if (key !== '') return checkPrefix(`${where}: key`, key);
  return refuse('INVALID_ARGUMENT', `${where}: key`, 'a name', key);
}

/** @throws FedkitError `INVALID_ARGUMENT` for what no key begins with. */
export function checkPrefix(where: string, prefix: unknown): string {
  if (typeof prefix === 'string' && isWellFormed(prefix)) return prefix;
  return refuse('INVALID_ARGUMENT', where, 'a name', prefix);
}

/** Rejects where `work` takes longer. */
export function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
