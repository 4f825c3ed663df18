import type { FileResult, Run } from './parts.mjs';

/** What came of `files` on the engine `title`: kept in `keptIn` where `keeps`; what is there is not run again where `resumes`. */
export declare function filesOn(
  title: string,
  files: readonly string[],
  options: {
    readonly bundle: {
      readonly folder: string;
      readonly runner: string;
      readonly digests: ReadonlyMap<string, string>;
    };
    readonly keeps: boolean;
    readonly resumes: boolean;
    readonly keptIn?: string;
    readonly start?: () => Promise<(run: Run) => Promise<string | undefined>>;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly engine?: string; readonly results: readonly FileResult[] }>;
