/**
 * Modules that a user wrote, TypeScript too.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FedkitError } from '@fedkit/core';

/**
 * The default export of a module.
 *
 * @throws FedkitError `INVALID_ARGUMENT` where there is no such file; what the module throws.
 */
export async function importModule(file: string): Promise<unknown> {
  const path = resolve(file);
  if (!existsSync(path)) throw new FedkitError('INVALID_ARGUMENT', `fedkit: expected ${file}, got no such file`);
  // Node 20 reads no types. Registered for the whole process, so that the module and the command share their packages.
  if (/\.[cm]?ts$/.test(path)) (await import('tsx/esm/api')).register();
  return ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
}
