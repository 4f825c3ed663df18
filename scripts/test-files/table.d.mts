export declare const PAGE: string;
export declare function readResults(): unknown;
/** docs/engines.md. */
export declare function engineTable(results: unknown): string;
