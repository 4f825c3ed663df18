/**
 * Certificates as the configuration names them.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { FedkitError } from '@fedkit/core';
import type { ServeTls } from '@fedkit/core/transport/node';

/** `tls` with files in the place of their paths. @throws FedkitError `INVALID_ARGUMENT` for one that cannot be read. */
export function readTls(tls: ServeTls | undefined): { readonly tls?: ServeTls } {
  if (tls === undefined) return {};
  const { key, cert, ca } = tls as { key?: unknown; cert?: unknown; ca?: unknown };
  const read = (name: string, value: unknown): unknown => {
    if (typeof value !== 'string' || value.includes('-----BEGIN')) return value;
    try {
      return readFileSync(value);
    } catch (cause) {
      throw new FedkitError(
        'INVALID_ARGUMENT',
        `fedkit.config: tls.${name}: expected PEM or a file that holds it, got neither`,
        {
          cause,
        },
      );
    }
  };
  const members = { key, cert, ca };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return { tls: { ...tls, ...Object.fromEntries(given.map(([name, value]) => [name, read(name, value)])) } };
}
