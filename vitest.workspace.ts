import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mutant, mutated } from './scripts/test/mutant.ts';
import { nearestFirst } from './scripts/test/nearest-first.ts';

// Node gets them too, for whatever `require` asks: `import` among them would hand it modules.
const conditions = ['@fedkit/source', 'module', 'node'];

function project(name: string, root: string, include: string[]) {
  return { extends: true as const, test: { name, root, include } };
}

// The one test configuration; every command passes it with --config.
export default defineConfig({
  plugins: [mutant(import.meta.dirname)],
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    ...(mutated !== undefined && {
      sequence: { sequencer: nearestFirst(join(import.meta.dirname, mutated)) },
      experimental: { fsModuleCache: true },
    }),
    reporters: ['default', './scripts/closing-line.ts'],
    setupFiles: [fileURLToPath(new URL('./scripts/test/setup.ts', import.meta.url))],
    projects: [
      ...['core', 'compression', 'privacy', 'secagg', 'flower', 'llm', 'fedkit', 'bullmq', 'create-fedkit'].map(
        (name) => project(name, `packages/${name}`, ['src/**/*.test.ts', 'test/**/*.test.ts']),
      ),
      project('examples', 'examples', ['**/*.test.ts']),
      // Whole federations of tabs, by `pnpm run page`.
      project('page', 'examples/browser', ['**/*.chromium.ts']),
      project('bench', 'bench', ['**/*.test.ts']),
      project('repository', 'scripts', ['**/*.test.ts']),
    ],
  },
});
