/**
 * A real flwr, in a virtual environment outside the tree: 300 MB that are made once and kept.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The version that the tests run against. */
export const NEWEST = '1.42.0';

/** Where the environment of a version is, one of its own for each choice of other packages. */
export function environmentOf(version: string, more: readonly string[] = []): string {
  const name = ['flwr', version, ...more].join('-');
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fedkit', name);
}

/** The environment of a version, made if it is not there. `undefined`, and the reason aloud, where it cannot be. */
export function makeEnvironment(version: string, more: readonly string[] = []): string | undefined {
  const environment = environmentOf(version, more);
  const made = join(environment, 'made');
  if (existsSync(made)) return environment;
  mkdirSync(environment, { recursive: true });
  const pip = join(environment, 'bin/pip');
  const install = ['install', '--quiet', '--disable-pip-version-check', `flwr==${version}`, 'numpy', ...more];
  for (const [command, ...words] of [
    ['python3', '-m', 'venv', environment],
    [pip, ...install],
  ]) {
    const { status, error } = spawnSync(command, words, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status === 0) continue;
    process.stderr.write(`flwr ${version} is not there: ${command} ${error?.message ?? `ended with ${status}`}\n`);
    return undefined;
  }
  writeFileSync(made, '');
  return environment;
}

/**
 * The environment for tests: as FEDKIT_FLWR says, which `pnpm run flwr` and `.ci/run` set after they made it. `undefined`, and
 * the tests are skipped, without.
 */
export function testEnvironment(): string | undefined {
  const environment = process.env.FEDKIT_FLWR;
  if (environment) return environment;
  process.stderr.write('No FEDKIT_FLWR: what needs a real flwr is skipped; `pnpm run flwr` runs it.\n');
  return undefined;
}
