/**
 * Where a client stands in the lists of those that it lists.
 *
 * @module
 */

/**
 * Of a symmetric relation, each client's list of others, ascending: for every other of a list the place at which the client stands in
 * that other's list. A server asks it for every pair of a ring, where searching would take a step for each neighbour.
 *
 * @param lists - By client; `other` is in the list of `client` exactly where `client` is in that of `other`. A client with an empty
 * list is in none.
 * @complexity One step for each pair; four bytes for each.
 */
export function mirrored(lists: readonly ArrayLike<number>[]): Uint32Array[] {
  const next = new Uint32Array(lists.length);
  // Clients are visited in the order of every list, so that each takes the next place there.
  return lists.map((list) => Uint32Array.from(list, (other) => next[other]++));
}
