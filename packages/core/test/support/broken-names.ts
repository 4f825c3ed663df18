import { brokenLaws, type Law } from '../../src/conformance/law.ts';

/** The names of the laws that do not hold. */
export async function brokenNames(laws: readonly Law[]): Promise<string[]> {
  return (await brokenLaws(laws)).map(({ name }) => name);
}
