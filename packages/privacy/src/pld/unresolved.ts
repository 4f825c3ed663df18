/**
 * Where float64 cannot tell.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';

/** What is thrown where a computation has nothing certain to say. */
export function unresolved(): FedkitError {
  return new FedkitError('OVERFLOW', 'pldAccountant: expected a bound that float64 resolves, got none');
}
