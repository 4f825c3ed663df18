// The names that packages export, and the members of what they name, as TypeScript sees them in the sources.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../packed.mjs';

const ts = createRequire(join(root, 'docs/package.json'))('typescript');

/** Entries of every package: what users import, and the source behind it. */
function entriesOf(tree) {
  const packages = join(tree, 'packages');
  return readdirSync(packages).flatMap((directory) => {
    const manifest = JSON.parse(readFileSync(join(packages, directory, 'package.json'), 'utf8'));
    return Object.entries(manifest.exports)
      .filter(([, target]) => target['@fedkit/source']?.endsWith('.ts'))
      .map(([path, target]) => ({
        entry: manifest.name + path.slice(1),
        source: join(packages, directory, target['@fedkit/source']),
      }));
  });
}

const byText = (a, b) => (a < b ? -1 : 1);

/**
 * @param tree - The root of a repository.
 * @returns For each entry its names, sorted, each with the names of its members: what an interface or class has, and the options
 * that a function takes.
 */
export function namesOf(tree) {
  const entries = entriesOf(tree);
  const program = ts.createProgram(
    entries.map(({ source }) => source),
    {
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      customConditions: ['@fedkit/source'],
      allowImportingTsExtensions: true,
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      types: [],
    },
  );
  const checker = program.getTypeChecker();
  const ours = (symbol) =>
    symbol.declarations?.some(
      ({ parent }) => !/node_modules|\/lib\.[^/]*\.d\.ts$/.test(parent.getSourceFile().fileName),
    );
  const properties = (type) =>
    type
      .getProperties()
      .filter(ours)
      .map(({ name }) => name);
  const membersOf = (symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const [declaration] = target.declarations ?? [];
    if (declaration === undefined) return [];
    const types = [];
    if (target.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.Class | ts.SymbolFlags.TypeAlias)) {
      types.push(checker.getDeclaredTypeOfSymbol(target));
    }
    if (target.flags & (ts.SymbolFlags.Function | ts.SymbolFlags.Variable)) {
      const parameters = checker
        .getTypeOfSymbolAtLocation(target, declaration)
        .getCallSignatures()
        .flatMap((signature) => signature.getParameters());
      for (const parameter of parameters) types.push(checker.getTypeOfSymbolAtLocation(parameter, declaration));
    }
    const parts = types.flatMap((type) => (type.isUnion() ? type.types : [type]));
    const members = new Set(parts.flatMap(properties).filter((name) => /^[a-zA-Z]\w*$/.test(name)));
    return [...members].toSorted(byText);
  };
  return Object.fromEntries(
    entries.map(({ entry, source }) => {
      const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(source)));
      const names = exported.map((symbol) => [symbol.name, membersOf(symbol)]);
      return [entry, Object.fromEntries(names.toSorted(([a], [b]) => byText(a, b)))];
    }),
  );
}
