// `pnpm run flwr`: installs the newest flwr outside the tree where it is not there yet, and runs the tests that need it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { makeEnvironment, NEWEST } from './venv.ts';

const root = join(import.meta.dirname, '../../../..');
const environment = makeEnvironment(NEWEST);
if (environment === undefined) {
  process.stderr.write('Skipped: no Python of 3.10 or newer, or no flwr for it.\n');
  process.exitCode = process.env.FEDKIT_REQUIRE_SERVERS ? 1 : 0;
} else {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const words = ['run', '--config', 'vitest.workspace.ts', '--project', 'flower', 'test/flwr'];
  const env = { ...process.env, FEDKIT_FLWR: environment };
  const { status } = spawnSync(process.execPath, [vitest, ...words], { cwd: root, stdio: 'inherit', env });
  process.exitCode = status ?? 1;
}
