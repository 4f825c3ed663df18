/**
 * The coordinator as a process of its own, for tests that kill it.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

/** Starts one. */
export function command(folder: string, port: number): ChildProcess {
  const options = ['--port', `${port}`, '--folder', folder, '--rounds', '50', '--no-open'];
  const words = ['--conditions=@fedkit/source', '--import', 'tsx', join(import.meta.dirname, 'main.ts'), ...options];
  return spawn(process.execPath, words, { stdio: 'ignore' });
}

/** SIGKILL, and waits until it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Whether one listens there. */
export async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/status`).then(
    ({ ok }) => ok,
    () => false,
  );
}
