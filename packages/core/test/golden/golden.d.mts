/** Name → SHA-256 in hex, of what must be the same bytes on every engine. */
export function golden(modules: {
  readonly core: unknown;
  readonly math: unknown;
  readonly kernels: unknown;
  readonly simulation: unknown;
}): Promise<Record<string, string>>;
