/**
 * Telling an application something, whatever it does with it.
 *
 * @module
 */

/**
 * Calls `listener` at once. What it throws, or rejects with where it is an async function after all, goes to `failed` and nowhere else: it
 * changes no answer and ends no process.
 */
export function heard<T extends readonly unknown[]>(
  listener: ((...told: T) => unknown) | undefined,
  failed?: (error: unknown) => void,
): (...told: T) => void {
  const hear = async (...told: T): Promise<void> => {
    try {
      await listener?.(...told);
    } catch (error) {
      failed?.(error);
    }
  };
  // Nobody waits for it, and it never rejects.
  return hear as (...told: T) => void;
}
