/**
 * The packages as the compiler sees them.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type typescript from '../../docs/node_modules/typescript/lib/typescript.js';
import { root, settings, ts } from './compiler.ts';

/** By its name, its type's name, or because the function takes it apart at once. */
export function isOptions(parameter: typescript.Symbol, type: typescript.Type): boolean {
  const declaration = parameter.valueDeclaration as typescript.ParameterDeclaration | undefined;
  const typeName = type.aliasSymbol?.name ?? type.symbol?.name ?? '';
  return (
    /^(?:options|setup)$/.test(parameter.name) ||
    /(?:Options|Setup)$/.test(typeName) ||
    (declaration !== undefined && ts.isObjectBindingPattern(declaration.name))
  );
}

/** The entries of every package by their names, with their sources. */
function entries(): PublicModule[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const folder = join(root, 'packages', name);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly exports?: Readonly<Record<string, { readonly '@fedkit/source'?: string }>>;
    };
    return Object.entries(manifest.exports ?? {}).flatMap(([path, { '@fedkit/source': source }]) =>
      source === undefined ? [] : [{ module: manifest.name + path.slice(1), file: join(folder, source) }],
    );
  });
}

/** A module of ours. */
export interface PublicModule {
  /** As applications import it. */
  readonly module: string;
  /** The source of that module. */
  readonly file: string;
}

/** What a module exports. */
export interface PublicExport extends PublicModule {
  readonly name: string;
  readonly symbol: typescript.Symbol;
}

let program: typescript.Program | undefined;

/** Everything that has a value when it is imported, each once, and the compiler that knows its types. */
export function publicExports(): {
  readonly checker: typescript.TypeChecker;
  readonly exports: readonly PublicExport[];
} {
  const modules = entries();
  program ??= ts.createProgram(
    modules.map(({ file }) => file),
    { ...settings, skipLibCheck: true },
  );
  const compiled = program;
  const checker = compiled.getTypeChecker();
  const seen = new Set<typescript.Symbol>();
  const exports = modules.flatMap(({ module, file }) => {
    const source = compiled.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    return (symbol ? checker.getExportsOfModule(symbol) : []).flatMap((exported): PublicExport[] => {
      const own = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (seen.has(own) || !(own.flags & ts.SymbolFlags.Value)) return [];
      seen.add(own);
      return [{ module, file, name: exported.name, symbol: own }];
    });
  });
  return { checker, exports };
}
