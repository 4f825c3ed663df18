/**
 * The compiler of the API reference, and the settings that the packages' sources are read with.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type typescript from '../../docs/node_modules/typescript/lib/typescript.js';

export const root = join(import.meta.dirname, '../..');
// TypeScript 7 has no interface to its types; the compiler that the API reference is made with has.
export const ts = createRequire(join(root, 'docs/package.json'))('typescript') as typeof typescript;

/** The packages' sources in place of what is built of them. */
export const settings: typescript.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  customConditions: ['@fedkit/source'],
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
};
