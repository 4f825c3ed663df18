import { join } from 'node:path';
import type { Plugin } from 'vitest/config';

/** The source with one place changed, as FEDKIT_MUTANT says: what `scripts/mutants.mjs` hands to the tests. */
export function mutant(root: string): Plugin {
  const { file, from, to, by } = JSON.parse(process.env.FEDKIT_MUTANT ?? '{}') as Record<string, string>;
  return {
    name: 'fedkit:mutant',
    enforce: 'pre',
    transform(code, id) {
      if (file === undefined || id !== join(root, file)) return undefined;
      return code.slice(0, Number(from)) + by + code.slice(Number(to));
    },
  };
}
