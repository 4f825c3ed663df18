/**
 * Files of data sets that ship in packages of the npm registry, held to the digest they are known by.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '@fedkit/core/internal';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FedkitError, isFedkitError } from '@fedkit/core';

/** Where a data set's package is looked for. */
export interface PackagedOptions {
  /** A module or package.json whose dependency it is, such as `import.meta.url`; default: the working directory. */
  readonly from?: string | URL;
}

/** `require` as a module there has it. */
export function requireFrom(where: string, name: string, options: PackagedOptions): NodeJS.Require {
  checkOptions(where, options, { from: true } satisfies OptionNames<PackagedOptions>);
  const { from } = options;
  const own = createRequire(from ?? pathToFileURL(join(process.cwd(), 'package.json')));
  try {
    own.resolve(`${name}/package.json`);
    return own;
  } catch (cause) {
    const place = from === undefined ? 'the working directory' : String(from);
    throw new FedkitError('INVALID_ARGUMENT', `${where}: expected the package ${name}, got none from ${place}`, {
      cause,
    });
  }
}

/**
 * A file of a package, by its name within it.
 *
 * @throws FedkitError `INVALID_ARGUMENT` where the package is not installed; `DECODE_FAILED` for a file that is not there, or another one.
 */
export function packagedFile(
  where: string,
  name: string,
  file: string,
  sha256: string,
  options: PackagedOptions,
): Uint8Array {
  const folder = dirname(requireFrom(where, name, options).resolve(`${name}/package.json`));
  try {
    return checkDigest(`${where}: ${file}`, readFileSync(join(folder, file)), sha256);
  } catch (cause) {
    if (isFedkitError(cause)) throw cause;
    const code = (cause as { code?: string }).code ?? 'an error';
    throw new FedkitError('DECODE_FAILED', `${where}: ${file}: expected a readable file, got ${code}`, { cause });
  }
}

/** @throws FedkitError `DECODE_FAILED` unless the bytes are those. */
export function checkDigest<T extends Uint8Array>(where: string, bytes: T, sha256: string): T {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === sha256) return bytes;
  throw new FedkitError('DECODE_FAILED', `${where}: expected SHA-256 ${sha256}, got ${found}`);
}
