import { join } from 'node:path';
import type { Plugin } from 'vitest/config';

const { file, from, to, by } = JSON.parse(process.env.FEDKIT_MUTANT ?? '{}') as Partial<Record<string, string>>;

/** The file with that place, from the repository's root. */
export const mutated: string | undefined = file;

/** The source with one place changed, as FEDKIT_MUTANT says: what `scripts/mutants.mjs` hands to the tests. */
export function mutant(root: string): Plugin {
  return {
    name: 'fedkit:mutant',
    enforce: 'pre',
    transform(code, id) {
      if (file === undefined || id !== join(root, file)) return undefined;
      return code.slice(0, Number(from)) + by + code.slice(Number(to));
    },
  };
}
