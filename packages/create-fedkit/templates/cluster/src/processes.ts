// Client processes on this machine.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tokenOf } from './tokens.ts';

const client = fileURLToPath(new URL('./client.ts', import.meta.url));

export interface Clients {
  readonly url: string;
  readonly secret: string;
  readonly ids: readonly string[];
  /** Where each has a folder of its own. */
  readonly folder: string;
}

/** Until all have ended. @returns What each has printed. */
export function runClients({ url, secret, ids, folder }: Clients): Promise<string[]> {
  return Promise.all(
    ids.map(async (id) => {
      const own = join(folder, id);
      mkdirSync(own, { recursive: true });
      const env = { ...process.env, FEDERATION: url, TOKEN: tokenOf(id, secret), FOLDER: own };
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', client], { env });
      return stdout.trim();
    }),
  );
}
