/**
 * JSON for what machines and ledgers hold: an ε may be infinite, which JSON alone would turn into null.
 *
 * @module
 */

/** `data` as text; infinities as `{ "number": "Infinity" }`. What holds none is quicker with `JSON.stringify`. */
export function toJson(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { number: String(value) } : value,
  );
}

/** Reads {@link toJson}'s text; throws what `JSON.parse` throws. */
export function fromJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const { number } = value as { number?: unknown };
    return typeof number === 'string' && Object.keys(value).length === 1 ? Number(number) : value;
  });
}
