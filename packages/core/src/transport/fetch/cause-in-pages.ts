/**
 * In place of `cause.ts` in pages and on phones, whose `fetch` tells a script nothing of why it failed.
 *
 * @module
 */

/** The four things that it can be. */
export function causeOf(_error: unknown): string {
  return 'server down, no network, TLS, or CORS (does the handler allow this origin?): the console of a browser says which';
}
