/**
 * A new project: a template's files in a folder of its own, under its own name.
 *
 * @module
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { TEMPLATES, templates } from './templates.ts';

/** Why there is no new project. Nothing was written. */
export class CreationError extends Error {
  override readonly name = 'CreationError';
}

/** Options of {@link createProject}. */
export interface CreateProjectOptions {
  /** The new folder; its last part names the project, as npm allows names. */
  readonly folder: string;
  /** One of `templates()`. */
  readonly template: string;
  /** Where `folder` starts from; default the process's own directory. */
  readonly directory?: string;
}

/** A project that was made. */
export interface Project {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
}

/** Lower case, as npm asks of new packages. */
const NAME = /^[a-z0-9][a-z0-9._-]{0,213}$/;
const TAKEN = new Set(['node_modules', 'favicon.ico']);

/**
 * Makes a project. Its dependencies on fedkit have the version of this package, all others the template's.
 *
 * @throws CreationError where the name is none, the template unknown, or the folder has files other than `.git`.
 */
export function createProject(options: CreateProjectOptions): Project {
  const unknown = Object.keys(options).find((name) => !['folder', 'template', 'directory'].includes(name));
  if (unknown !== undefined) {
    throw new CreationError(`createProject: expected folder, template or directory, got the unknown option ${unknown}`);
  }
  const { folder, template, directory = process.cwd() } = options;
  const target = resolve(directory, folder);
  const name = basename(target);
  if (!NAME.test(name) || TAKEN.has(name)) {
    const allowed = 'lower-case letters, digits, -, _ and ., the first a letter or a digit, at most 214';
    throw new CreationError(`name: expected ${allowed}; got ${JSON.stringify(name)}`);
  }
  const known = templates();
  if (!known.includes(template)) {
    throw new CreationError(`template: expected ${known.join(' or ')}; got ${JSON.stringify(template)}`);
  }
  checkFree(target);
  mkdirSync(target, { recursive: true });
  cpSync(join(TEMPLATES, template), target, {
    recursive: true,
    // What running a template where it lies leaves there.
    filter: (path) => basename(path) !== 'node_modules' && basename(path) !== 'package-lock.json',
  });
  // Under its own name npm would leave it out of the package.
  renameSync(join(target, 'gitignore'), join(target, '.gitignore'));
  writeManifest(join(target, 'package.json'), name);
  return { name, folder: target };
}

/** @throws CreationError where something would be overwritten. */
function checkFree(target: string): void {
  const found = statSync(target, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) throw new CreationError(`folder: expected a new or empty one; got a file, ${target}`);
  const inside = readdirSync(target).filter((entry) => entry !== '.git');
  if (inside.length === 0) return;
  throw new CreationError(`folder: expected a new or empty one; got ${target} with ${inside.length} entries`);
}

interface Manifest {
  name: string;
  dependencies: Record<string, string>;
}

function writeManifest(file: string, name: string): void {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  manifest.name = name;
  // All packages of a release have one version.
  for (const [dependency, wanted] of Object.entries(manifest.dependencies)) {
    if (wanted === 'workspace:*') manifest.dependencies[dependency] = version;
  }
  writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
}
