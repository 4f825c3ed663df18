// One client-round of a tiny model: `simulate` beside Flower's simulation engine, which is installed into an environment outside of the tree.
// Processor time of all processes of each, between a short run and a longer one, so that starting up is in neither.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const VERSION = '1.42.0';
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fedkit', `flwr-simulation-${VERSION}`);

/** The interpreter of an environment with Flower's simulation, made once; `PYTHON` where that is set. */
function interpreter(): string {
  if (process.env.PYTHON !== undefined) return process.env.PYTHON;
  const python = join(folder, 'bin/python');
  const made = join(folder, 'made');
  if (!existsSync(made)) {
    mkdirSync(folder, { recursive: true });
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
    const packages = [`flwr[simulation]==${VERSION}`, 'psutil'];
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
      stdio: 'inherit',
    });
    writeFileSync(made, '');
  }
  return python;
}

/** Milliseconds of processor time that one client-round takes in Flower, among so many clients. */
export function flowerClientRound(clients: number, rounds: number): number {
  const run = (count: number): number => {
    const script = join(import.meta.dirname, 'flower_peer.py');
    const done = spawnSync(interpreter(), [script, String(clients), String(count)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const seconds = /processor seconds (\d+\.\d+)/.exec(done.stdout)?.[1];
    if (done.status !== 0 || seconds === undefined)
      throw new Error(`flower_peer.py: no figure; it ended with ${done.status}`);
    return Number(seconds);
  };
  const [short, long] = [run(1), run(1 + rounds)];
  return (1000 * (long - short)) / rounds / clients;
}
