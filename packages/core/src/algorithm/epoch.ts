/**
 * The epoch of a server's sum over what its clients keep: see mirror.ts.
 *
 * @module
 */

/** The epoch that a broadcast or a client's state names; `undefined` for algorithms without. */
export function epochIn(data: unknown): number | undefined {
  const epoch: unknown = (data as { readonly epoch?: unknown } | undefined)?.epoch;
  return typeof epoch === 'number' ? epoch : undefined;
}

/** Whether a client with this state is new to the broadcast's epoch. */
export function isFresh(broadcast: unknown, state: unknown): boolean {
  const epoch = epochIn(broadcast);
  return epoch !== undefined && epochIn(state) !== epoch;
}
