/**
 * Laws as values: a name and something to run, so that any test runner can loop over them.
 *
 * @module
 */
import { isFedkitError } from '../errors.ts';

/** One property that an implementation must have. */
export interface Law {
  /** A sentence about the implementation, such as "the order of accumulation changes no bit". */
  readonly name: string;
  /** Returns, or throws an `Error` that says what was expected and what was found. */
  run(): void | Promise<void>;
}

/**
 * Registers every law with a runner's `it` or `test`: vitest, node:test, Jest, Mocha, Jasmine, `Deno.test`, bun:test.
 *
 *     describe('my rule', () => checkLaws(it, aggregatorLaws({ … })));
 */
export function checkLaws(it: (name: string, run: () => void | Promise<void>) => unknown, laws: readonly Law[]): void {
  for (const law of laws) it(law.name, () => law.run());
}

/** Runs all laws and returns what failed: for scripts without a runner. */
export async function brokenLaws(laws: readonly Law[]): Promise<{ name: string; error: unknown }[]> {
  const broken: { name: string; error: unknown }[] = [];
  for (const law of laws) {
    try {
      await law.run();
    } catch (error) {
      broken.push({ name: law.name, error });
    }
  }
  return broken;
}

/** Fails the law unless `condition` holds. */
export function ensure(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new Error(`expected ${expectation}`);
}

/** Fails the law unless `call` throws a FedkitError of one of `codes`. */
export function ensureRefused(what: string, codes: readonly string[], call: () => unknown): void {
  try {
    call();
  } catch (error) {
    ensureCode(what, codes, error);
    return;
  }
  throw new Error(`expected ${what} to be refused as ${codes.join(' or ')}, got no error`);
}

/** As {@link ensureRefused}, for a promise. */
export async function ensureRejected(
  what: string,
  codes: readonly string[],
  call: () => Promise<unknown>,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    ensureCode(what, codes, error);
    return;
  }
  throw new Error(`expected ${what} to be refused as ${codes.join(' or ')}, got no error`);
}

function ensureCode(what: string, codes: readonly string[], error: unknown): void {
  if (isFedkitError(error) && codes.includes(error.code)) return;
  const got = isFedkitError(error) ? `${error.code} (${error.message})` : String(error);
  throw new Error(`expected ${what} to be refused as ${codes.join(' or ')}, got ${got}`, { cause: error });
}
