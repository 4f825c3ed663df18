/**
 * Every options object that a public function or constructor takes, as the compiler sees it.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type typescript from '../../docs/node_modules/typescript/lib/typescript.js';

const root = join(import.meta.dirname, '../..');
// TypeScript 7 has no interface to its types; the compiler that the API reference is made with has.
const ts = createRequire(join(root, 'docs/package.json'))('typescript') as typeof typescript;

/** An options object, and where it stands among what the function takes. */
export interface PublicOptions {
  /** As applications import it. */
  readonly module: string;
  /** The source of that module. */
  readonly file: string;
  readonly name: string;
  readonly isClass: boolean;
  readonly position: number;
}

/** By its name, its type's name, or because the function takes it apart at once. */
function isOptions(parameter: typescript.Symbol, type: typescript.Type): boolean {
  const declaration = parameter.valueDeclaration as typescript.ParameterDeclaration | undefined;
  const typeName = type.aliasSymbol?.name ?? type.symbol?.name ?? '';
  return (
    /^(?:options|setup)$/.test(parameter.name) ||
    /(?:Options|Setup)$/.test(typeName) ||
    (declaration !== undefined && ts.isObjectBindingPattern(declaration.name))
  );
}

/** The entries of every package by their names, with their sources. */
function entries(): { readonly module: string; readonly file: string }[] {
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

/** All of them, each function once, whatever it is exported from. */
export function publicOptions(): PublicOptions[] {
  const modules = entries();
  const program = ts.createProgram(
    modules.map(({ file }) => file),
    {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      customConditions: ['@fedkit/source'],
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      skipLibCheck: true,
    },
  );
  const checker = program.getTypeChecker();
  const seen = new Set<typescript.Symbol>();
  return modules.flatMap(({ module, file }) => {
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source);
    return (symbol ? checker.getExportsOfModule(symbol) : []).flatMap((exported): PublicOptions[] => {
      const { name } = exported;
      const own = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (seen.has(own) || !(own.flags & ts.SymbolFlags.Value)) return [];
      seen.add(own);
      const type = checker.getTypeOfSymbol(own);
      const of = (signatures: readonly typescript.Signature[], isClass: boolean) =>
        signatures.flatMap((signature) =>
          signature.parameters.flatMap((parameter, position) => {
            const given = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
            return isOptions(parameter, given) ? [{ module, file, name, isClass, position }] : [];
          }),
        );
      const found = [...of(type.getCallSignatures(), false), ...of(type.getConstructSignatures(), true)];
      // Overloads share a body.
      return found.filter((one, i) => found.findIndex(({ position }) => position === one.position) === i);
    });
  });
}
