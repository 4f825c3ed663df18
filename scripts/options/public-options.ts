/**
 * Every options object that a public function or constructor takes, as the compiler sees it.
 *
 * @module
 */
import type typescript from '../../docs/node_modules/typescript/lib/typescript.js';
import { isOptions, type PublicModule, publicExports } from './packages-program.ts';

/** An options object, and where it stands among what the function takes. */
export interface PublicOptions extends PublicModule {
  readonly name: string;
  readonly isClass: boolean;
  readonly position: number;
}

/** All of them, each function once, whatever it is exported from. */
export function publicOptions(): PublicOptions[] {
  const { checker, exports } = publicExports();
  return exports.flatMap(({ module, file, name, symbol }): PublicOptions[] => {
    const type = checker.getTypeOfSymbol(symbol);
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
}
