/** Writes modules of `files` and of the runner into `folder`: the path of the runner's module there, and a digest of all that each file loads. */
export declare function bundleFiles(
  files: readonly string[],
  folder: string,
): Promise<{ readonly runner: string; readonly digests: ReadonlyMap<string, string> }>;
