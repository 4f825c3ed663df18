/**
 * Every options object that a method takes of something that a public function gives, or of a public object.
 *
 * @module
 */
import type typescript from '../../docs/node_modules/typescript/lib/typescript.js';
import { isOptions, publicExports } from './packages-program.ts';

/** How deep into what methods give: what `database(…).store(…)` has is the second. */
const DEPTH = 3;

/** As `FederatedServer.drain`, by the type that has the method; of a public object by the object's name. */
export function publicMethods(): string[] {
  const { checker, exports } = publicExports();
  const seen = new Set<typescript.Type>();
  const found = new Set<string>();
  const settled = (type: typescript.Type) => checker.getAwaitedType(type) ?? type;

  function visit(given: typescript.Type, name: string, depth: number): void {
    const type = checker.getNonNullableType(given);
    if (type.isUnion()) for (const one of type.types) visit(one, name, depth);
    if (type.isUnion() || seen.has(type)) return;
    seen.add(type);
    for (const property of checker.getPropertiesOfType(type)) {
      if (!isOurs(property)) continue;
      const value = checker.getNonNullableType(checker.getTypeOfSymbol(property));
      const owner = (property as { parent?: typescript.Symbol }).parent?.name ?? '';
      const label = `${/^(?:__|$)/.test(owner) ? name : owner}.${property.name}`;
      for (const signature of value.getCallSignatures()) {
        for (const parameter of signature.parameters) {
          const taken = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
          if (isOptions(parameter, taken) && !label.includes('.#')) found.add(label);
        }
        if (depth < DEPTH) visit(settled(signature.getReturnType()), label, depth + 1);
      }
      if (depth < DEPTH && value.getCallSignatures().length === 0) visit(value, label, depth + 1);
    }
  }

  for (const { name, symbol } of exports) {
    const type = checker.getTypeOfSymbol(symbol);
    const made = [...type.getCallSignatures(), ...type.getConstructSignatures()];
    for (const signature of made) visit(settled(signature.getReturnType()), name, 0);
    if (made.length === 0) visit(type, name, 0);
  }
  return [...found].sort();
}

/** Whether a property was declared in our sources. */
function isOurs({ declarations = [] }: typescript.Symbol): boolean {
  return declarations.some((declaration) => {
    const { fileName } = declaration.getSourceFile();
    return fileName.includes('/packages/') && !fileName.includes('/node_modules/');
  });
}
