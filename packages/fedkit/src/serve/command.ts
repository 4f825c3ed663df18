/**
 * `fedkit serve`: until a signal, or until another server has opened the run.
 *
 * @module
 */
import { loadConfig } from '../load-config.ts';
import { launched, relaunch } from './relaunch.ts';
import { serveFederation } from './serve-federation.ts';

/** How it is started. */
export interface ServeOptions {
  /** False to stay in this process, with whatever flags it has. */
  readonly flags: boolean;
  readonly directory: string;
}

/**
 * Serves the configuration in `path`. SIGTERM and SIGINT let the current round end within its grace; a second one ends it at once.
 *
 * @returns The exit code: 0 after a signal and after another server has taken over.
 */
export async function serveCommand(path: string | undefined, { flags, directory }: ServeOptions): Promise<number> {
  if (flags && !launched()) return relaunch();
  let ask = (): void => {};
  let insist = (): void => {};
  const asked = new Promise<void>((resolve) => (ask = resolve));
  const insisted = new Promise<void>((resolve) => (insist = resolve));
  let signals = 0;
  const onSignal = (): void => (++signals === 1 ? ask() : insist());
  // Before anything listens: a signal that comes while the store is read is not lost.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, onSignal);
  try {
    const served = await serveFederation(await loadConfig(path, directory));
    const taken = served.superseded.then(() => 0);
    const grace = await Promise.race([asked.then(() => undefined), taken]);
    await Promise.race([served.close(grace), insisted.then(() => served.close(0))]);
    return 0;
  } finally {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, onSignal);
  }
}
