/**
 * Certificates as the configuration names them.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import type { ServeTls } from '@fedkit/core/transport/node';

/** `tls` with files in the place of their paths. @throws The file system's error for one that cannot be read. */
export function readTls(tls: ServeTls | undefined): { readonly tls?: ServeTls } {
  if (tls === undefined) return {};
  const { key, cert, ca } = tls as { key?: unknown; cert?: unknown; ca?: unknown };
  const read = (value: unknown): unknown =>
    typeof value === 'string' && !value.includes('-----BEGIN') ? readFileSync(value) : value;
  const members = { key, cert, ca };
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  return { tls: { ...tls, ...Object.fromEntries(given.map(([name, value]) => [name, read(value)])) } };
}
