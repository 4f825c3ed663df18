/**
 * Accountants from bytes.
 *
 * @module
 */
import { checkInteger } from '@fedkit/core/internal';
import { readEvent } from './event/parse-event.ts';
import { type PldAccountant, pldAccountant } from './pld/accountant.ts';
import { type RdpAccountant, rdpAccountant } from './rdp/accountant.ts';
import { decodeAccountant, rebuilding } from './serialize.ts';

/**
 * The accountant that `serialize` wrote. Every event passes the same checks as when it was composed.
 *
 * @throws FedkitError `DECODE_FAILED` for bytes that are corrupt, hostile, too many, or of another version.
 */
export function deserializeAccountant(bytes: Uint8Array): PldAccountant | RdpAccountant {
  const where = 'deserializeAccountant';
  const { accountant: kind, neighboring, discretization, entries } = decodeAccountant(where, bytes);
  return rebuilding(where, () => {
    const accountant =
      kind === 'rdp'
        ? rdpAccountant({ neighboring })
        : pldAccountant({ neighboring, ...(discretization === undefined ? {} : { discretization }) });
    for (const { event, count } of entries) {
      accountant.compose(readEvent(`${where}: event`, event), checkInteger(`${where}: count`, count, 1));
    }
    return accountant;
  });
}
