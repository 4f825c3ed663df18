/**
 * Reads `fedkit.config.ts` or `.js`.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FedkitError } from '@fedkit/core';
import { checkConfig, type Config } from './config.ts';

const NAMES = ['fedkit.config.ts', 'fedkit.config.mts', 'fedkit.config.js', 'fedkit.config.mjs'];

/**
 * The configuration in `path`, or in the first of the usual names in `directory`.
 *
 * @throws FedkitError `INVALID_ARGUMENT` where there is none, or for one that is none; what the module throws.
 */
export async function loadConfig(path: string | undefined, directory: string): Promise<Config> {
  const found = path ?? NAMES.find((name) => existsSync(resolve(directory, name)));
  if (found === undefined || !existsSync(resolve(directory, found))) {
    throw new FedkitError('INVALID_ARGUMENT', `fedkit: expected ${path ?? NAMES.join(' or ')}, got no such file`);
  }
  const file = resolve(directory, found);
  // Node 20 reads no types. Registered for the whole process, so that the configuration and the server share their packages.
  if (/\.[cm]?ts$/.test(file)) (await import('tsx/esm/api')).register();
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  const exported = module.default;
  return checkConfig(typeof exported === 'function' ? await (exported as () => unknown)() : exported);
}
