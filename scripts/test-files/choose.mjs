// Which of the packages' test files can run where there is no Node: those that reach no module of it.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Libraries that are for Node alone, or that tests use through what is. */
const NODE_LIBRARIES = /^(bullmq|ioredis|pg|mqtt|esbuild|playwright-core|hono|@hono\/.*|tsx|@tensorflow\/.*)(\/|$)/;

/** Files that reach no module of Node, and cannot run elsewhere all the same. */
const OTHERWISE = [
  [/\bvi\.(mock|hoisted|resetModules)\b/, "has vitest put other modules in a module's place"],
  [/\bprocess\.(env|version|execPath|memoryUsage|getBuiltinModule)\b|\bBuffer\b/, "uses globals of Node's"],
  [/\/seeded-children\.ts'/, "starts threads of Node's, from a seed"],
  // Bun starts them for this file alone, and no more after 250 files in one process.
  [/\bhelpers\.done\b/, 'waits for threads that an engine may not start among many files'],
];

/** Files that run on every engine but in a page, and why. */
export const NOT_IN_A_PAGE = {
  'packages/core/src/transport/fetch/handler.test.ts': 'asks a server with headers that a page may not set',
};

/** The same order everywhere. */
export const byCode = (a, b) => (a < b ? -1 : Number(a > b));

/** Every test file of the packages, by its path from the root. */
export function testFiles() {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!['node_modules', 'dist', 'templates'].includes(entry.name)) walk(path);
      } else if (entry.name.endsWith('.test.ts')) found.push(relative(root, path));
    }
  };
  walk(join(root, 'packages'));
  return found.sort(byCode);
}

const builtin = (path) => path.startsWith('node:') || builtinModules.includes(path);

/** Leaves libraries where they are; our packages are read from their sources. */
const libraries = {
  name: 'libraries',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
      kind === 'entry-point' || path.startsWith('@fedkit/') ? undefined : { path, external: true },
    );
  },
};

/**
 * @returns `free`, the files that name no module of Node, directly or by what they import; `named`, a map of the others to the modules
 * that they reach; `apart`, a map of those among `free` that cannot run elsewhere to the reason.
 */
export async function chooseFiles(files = testFiles()) {
  const { metafile } = await build({
    entryPoints: files.map((file) => join(root, file)),
    absWorkingDir: root,
    outdir: join(root, 'out'),
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'node',
    conditions: ['@fedkit/source'],
    plugins: [libraries],
    metafile: true,
    logLevel: 'error',
  });
  const named = new Map();
  const apart = new Map();
  for (const file of files) {
    const modules = reached(metafile.inputs, file);
    if (modules.length > 0) named.set(file, modules);
    else {
      const source = readFileSync(join(root, file), 'utf8');
      const reason = OTHERWISE.find(([pattern]) => pattern.test(source));
      if (reason) apart.set(file, reason[1]);
    }
  }
  return { free: files.filter((file) => !named.has(file)), named, apart };
}

/** What is loaded at once; a module of Node that is asked for later, where it is there, is no need. */
function reached(inputs, file) {
  const seen = new Set([file]);
  const modules = new Set();
  for (const path of seen) {
    for (const { path: target, external, kind } of inputs[path]?.imports ?? []) {
      if (kind === 'dynamic-import') continue;
      if (!external) seen.add(target);
      else if (builtin(target) || NODE_LIBRARIES.test(target)) modules.add(target);
    }
  }
  return [...modules].sort(byCode);
}

/** A tenth of the files, another one for every commit, the same for everybody. */
export function tenth(files, commit) {
  return files.filter((file) => createHash('sha256').update(`${commit}\n${file}`).digest()[0] % 10 === 0);
}
