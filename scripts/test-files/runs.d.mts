import type { Run } from './parts.mjs';

/** A run, with where its modules are and what stops it. */
export interface EngineRun extends Run {
  readonly folder: string;
  readonly runner: string;
  readonly signal: AbortSignal;
}

/** What a run asks of a browser. */
export interface PageOptions {
  readonly told: (request: Request) => Promise<Response>;
  readonly signal: AbortSignal;
}

export declare const ENGINES: readonly string[];
/**
 * Files in a process of `program`, `words` before its script: resolves to what ended it before its last file. Limits are so many times
 * longer as `slowerBy` says, by default as the load of the machine.
 */
export declare function processRun(
  program: string,
  words?: readonly string[],
  slowerBy?: () => number,
): (run: EngineRun) => Promise<string | undefined>;
/** Files in pages, of which `open` opens the first. */
export declare function pageRun(
  open: (options: PageOptions) => Promise<unknown>,
  slowerBy?: () => number,
): (run: EngineRun) => Promise<string | undefined>;
