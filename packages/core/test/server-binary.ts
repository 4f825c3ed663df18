import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Debian keeps daemons out of users' paths, and PostgreSQL's under its version. */
function folders(): string[] {
  const versions = '/usr/lib/postgresql';
  const postgres = existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, 'bin')) : [];
  return [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', ...postgres.sort().reverse()];
}

/**
 * The path of a server's program, or `undefined` with a line that says what is skipped for it: tests with a real server
 * run wherever that server is installed. Where FEDKIT_REQUIRE_SERVERS is set, as `.ci/run` does, its absence is an error.
 */
export function serverBinary(name: string, tests: string): string | undefined {
  const path = folders()
    .map((folder) => join(folder, name))
    .find((candidate) => existsSync(candidate));
  if (path !== undefined) return path;
  if (process.env.FEDKIT_REQUIRE_SERVERS) throw new Error(`${name} is missing, and FEDKIT_REQUIRE_SERVERS is set`);
  process.stderr.write(`${name} is not installed: ${tests} are skipped\n`);
  return undefined;
}
