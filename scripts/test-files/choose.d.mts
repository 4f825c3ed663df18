export declare const root: string;
/** Every test file of the packages, by its path from the root. */
export declare function testFiles(): string[];
/** The files that name no module of Node, the others with what they name, and those of the first that run on Node alone all the same. */
export declare function chooseFiles(files?: readonly string[]): Promise<{
  readonly free: readonly string[];
  readonly named: ReadonlyMap<string, readonly string[]>;
  readonly apart: ReadonlyMap<string, string>;
}>;
/** A tenth of the files, another one for every commit. */
export declare function tenth(files: readonly string[], commit: string): string[];
/** Files that run on every engine but in a page, and why. */
export declare const NOT_IN_A_PAGE: Readonly<Record<string, string>>;
