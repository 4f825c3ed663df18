/**
 * Answers of an engine that may come later.
 *
 * @module
 */

/** All of them: an engine whose every call takes a turn of its threads is asked for the next before it has answered the last. */
export async function together<T extends object>(answers: readonly (T | Promise<T>)[]): Promise<readonly T[]> {
  return answers.some((answer) => answer instanceof Promise)
    ? Promise.all(answers.map((answer) => Promise.resolve(answer)))
    : (answers as readonly T[]);
}
