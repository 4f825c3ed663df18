import { join } from 'node:path';
import type { Plugin } from 'vitest/config';
import type {} from 'vitest/node';

const { file, from, to, by } = JSON.parse(process.env.FEDKIT_MUTANT ?? '{}') as Partial<Record<string, string>>;

/** The file with that place, from the repository's root. */
export const mutated: string | undefined = file;

/** The source with one place changed, as FEDKIT_MUTANT says: what `scripts/mutants.mjs` hands to the tests. */
export function mutant(root: string): Plugin {
  const changed = file === undefined ? undefined : join(root, file);
  return {
    name: 'fedkit:mutant',
    enforce: 'pre',
    configureVitest({ experimental_defineCacheKeyGenerator }) {
      // What is kept of other modules from mutant to mutant must hold nothing of this one.
      experimental_defineCacheKeyGenerator(({ id }) => (id === changed ? false : undefined));
    },
    transform(code, id) {
      if (id !== changed) return undefined;
      return code.slice(0, Number(from)) + by + code.slice(Number(to));
    },
  };
}
