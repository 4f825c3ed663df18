/** Writes modules of `files` and of the runner into `folder`. @returns The path of the runner's module in `folder`. */
export declare function bundleFiles(files: readonly string[], folder: string): Promise<string>;
