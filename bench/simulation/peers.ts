// One client-round of a tiny model in other simulations, which are installed into environments outside of the tree. Processor time of all
// processes of each, between a short run and a longer one, so that starting up is in neither.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A simulation of Python's. */
export interface SimulationPeer {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  readonly extra?: string;
  /** Beside this file. */
  readonly script: string;
}

export const flower: SimulationPeer = {
  name: "Flower's simulation",
  package: 'flwr',
  version: '1.42.0',
  extra: 'simulation',
  script: 'flower_peer.py',
};

export const pfl: SimulationPeer = { name: 'pfl', package: 'pfl', version: '0.6.0', script: 'pfl_peer.py' };

/** The interpreter of an environment with the package, made once. */
function interpreter({ package: name, version, extra }: SimulationPeer): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fedkit');
  const folder = join(cache, `${name}-simulation-${version}`);
  const python = join(folder, 'bin/python');
  const made = join(folder, 'made');
  if (!existsSync(made)) {
    mkdirSync(folder, { recursive: true });
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
    const packages = [`${name}${extra === undefined ? '' : `[${extra}]`}==${version}`, 'psutil'];
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
      stdio: 'inherit',
    });
    writeFileSync(made, '');
  }
  return python;
}

/** What a client-round takes in a peer, and the model that all rounds came to. */
export interface PeerClientRound {
  /** Of processors, all processes of it. */
  readonly milliseconds: number;
  /** Values of the model, ascending: peers lay them out differently. */
  readonly model: readonly number[];
}

/** Measures a peer among so many clients, all of them in each of the rounds, of which the first is not counted. */
export function peerClientRound(peer: SimulationPeer, clients: number, rounds: number): PeerClientRound {
  const run = (count: number) => {
    const script = join(import.meta.dirname, peer.script);
    const done = spawnSync(interpreter(peer), [script, String(clients), String(count)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      // Matrices of 10 × 4 gain nothing from threads, whose waiting would count.
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    });
    const seconds = /^processor seconds (\d+\.\d+)$/m.exec(done.stdout)?.[1];
    const model = /^model (.+)$/m.exec(done.stdout)?.[1];
    if (done.status !== 0 || seconds === undefined || model === undefined)
      throw new Error(`${peer.script}: no figure; it ended with ${done.status}`);
    return { seconds: Number(seconds), model: model.split(' ').map(Number) };
  };
  const [short, long] = [run(1), run(1 + rounds)];
  return {
    milliseconds: (1000 * (long.seconds - short.seconds)) / rounds / clients,
    model: long.model.toSorted((a, b) => a - b),
  };
}
