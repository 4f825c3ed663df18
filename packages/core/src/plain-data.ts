/**
 * What states and messages are made of.
 *
 * @module
 */

/**
 * Numbers, flat vectors, and records of them: what a checkpoint can hold and a wire can carry without knowing the
 * algorithm. Declare such a type with `type`, not `interface`: only a type alias is known to have no other properties.
 */
export type PlainData = number | Float32Array | { readonly [name: string]: PlainData };

/** The state of something that has none. */
export type NoState = { readonly [name: string]: never };

/** Whether a state is `{}`, that of a client with nothing to keep. */
export function keepsNothing(state: PlainData): boolean {
  return typeof state === 'object' && !(state instanceof Float32Array) && Object.keys(state).length === 0;
}
