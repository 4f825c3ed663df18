/** Every file under `folder` with when it was written. */
export declare function filesIn(folder: string): Map<string, string>;
/** Files that are new or different, or gone. */
export declare function changes(before: Map<string, string>, after: Map<string, string>): string[];
