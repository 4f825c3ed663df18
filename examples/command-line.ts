/**
 * What the demos do alike as commands: numbers on the command line, signals, and how they end.
 *
 * @module
 */
import { isFedkitError } from '@fedkit/core';

/** Says what is wrong with the command line. */
export class UsageError extends Error {}

export function integer(
  flag: string,
  text: string,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < minimum || value > maximum) {
    const range = maximum === Number.MAX_SAFE_INTEGER ? `≥ ${minimum}` : `from ${minimum} to ${maximum}`;
    throw new UsageError(`${flag}: expected an integer ${range}, got ${text}`);
  }
  return value;
}

export function positive(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new UsageError(`${flag}: expected a number > 0, got ${text}`);
  }
  return value;
}

/** Aborted by the signals that end a program, so that its threads end with it. */
export function abortedBySignals(): AbortController {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new Error('interrupted')));
  process.once('SIGTERM', () => controller.abort(new Error('terminated')));
  return controller;
}

/** Runs a demo. Whatever stops it is said in a line or two, and is its exit code. */
export async function runCommand(main: () => Promise<void>, usage: string): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage}`);
      process.exitCode = 2;
    } else if (error instanceof Error && /^(interrupted|terminated)$/.test(error.message)) {
      console.error(`${error.message}; nothing was written`);
      process.exitCode = error.message === 'interrupted' ? 130 : 143;
    } else {
      console.error(isFedkitError(error) ? `${error.code}: ${error.message}` : error);
      process.exitCode = 1;
    }
  }
}
