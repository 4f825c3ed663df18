/**
 * Data sets that ship in packages of the npm registry, and nowhere else: read as they are installed, each held to a digest.
 *
 * @module
 */
export { DIGITS, type Mnist, PIXELS, readMnist } from './mnist.ts';
export type { PackagedOptions } from './packaged.ts';
export { type Address, readStateOfTheUnion } from './state-of-the-union.ts';
