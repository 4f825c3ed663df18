/** Name → SHA-256 in hex, of what must be the same bytes on every engine. */
export function languageGolden(modules: {
  readonly core: unknown;
  readonly llm: unknown;
}): Promise<Record<string, string>>;
