/** Bytes that follow from a name, for ever. */
export function streamOf(name: string): (length: number) => Buffer;
/** Lets whatever asks `crypto` for bytes or keys have those of `draw`. */
export function drawFrom(draw: (length: number) => Buffer): void;
