import type { FileResult, Kept } from './parts.mjs';

/** What came of files is kept in `folder` by the engine's title, each with a digest of the modules that it loads. */
export declare function keepResult(
  title: string,
  one: { readonly digest: string; readonly engine?: string; readonly result: FileResult },
  folder?: string,
): void;
export declare function readKept(title: string, digests: ReadonlyMap<string, string>, folder?: string): Kept;
export declare function forget(title: string, folder?: string): void;
