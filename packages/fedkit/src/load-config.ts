/**
 * Reads `fedkit.config.ts` or `.js`.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { FedkitError } from '@fedkit/core';
import { checkConfig, type Config } from './config.ts';
import { importModule } from './import-module.ts';

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
  const exported = await importModule(resolve(directory, found));
  return checkConfig(typeof exported === 'function' ? await (exported as () => unknown)() : exported);
}
