export interface FileResult {
  readonly file: string;
  readonly passed: number;
  readonly skipped: number;
  readonly failed: readonly { readonly name: string; readonly message: string }[];
  readonly milliseconds: number;
}

export interface Kept {
  readonly engine?: string;
  readonly results: ReadonlyMap<string, FileResult>;
}

export interface Run {
  readonly files: readonly string[];
  readonly told: (result: FileResult, engine?: string) => void;
}

/** Runs files part by part on what `start` gives: a run resolves to what ended it before its last file. */
export declare function runParts(
  start: () => Promise<(run: Run) => Promise<string | undefined>>,
  options: {
    readonly files: readonly string[];
    readonly kept: Kept;
    readonly told?: (one: { readonly engine?: string; readonly result: FileResult }) => void;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly engine?: string; readonly results: readonly FileResult[] }>;
