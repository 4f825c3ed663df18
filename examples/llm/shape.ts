/**
 * What every part knows of the small model; the page does too, where there is no file system.
 *
 * @module
 */

/** A token is a byte: no tokenizer to ship, and bits a byte come by themselves. */
export const SMALL = { vocabulary: 256, width: 64, layers: 3, heads: 4, hidden: 172, context: 256 } as const;
