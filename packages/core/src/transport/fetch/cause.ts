/**
 * Why a `fetch` came to nothing, as far as the engine says. Bundlers put `cause-in-pages.ts` in its place where they build for pages and
 * phones: `browser` in package.json.
 *
 * @module
 */
import { causeOf as untold } from './cause-in-pages.ts';

/** What Node, Bun and Deno say of themselves, and what it usually is. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED|ConnectionRefused/i, 'nothing listens there: is the server running?'],
  [/ENOTFOUND|EAI_AGAIN|UNREACH|ENETDOWN/, 'no such host, or no network'],
  [/CERT|SIGNATURE/, 'TLS: the certificate is not trusted'],
  [/ERR_SSL|EPROTO|ERR_TLS/, 'TLS: does the server speak https there?'],
  [/ECONNRESET|EPIPE|UND_ERR_SOCKET/, 'the connection was cut'],
  [/TIMEOUT|ETIMEDOUT/, 'no answer in time'],
];

/** The engine's code with what it usually is; where no code is told, the four things it can be. */
export function causeOf(error: unknown): string {
  const code = codeOf(error) ?? codeOf((error as { cause?: unknown } | undefined)?.cause);
  if (code === undefined) return untold(error);
  const [, meaning] = CAUSES.find(([pattern]) => pattern.test(code)) ?? [];
  return meaning === undefined ? code : `${code}: ${meaning}`;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^[A-Za-z_]{3,60}$/.test(code) ? code : undefined;
}
