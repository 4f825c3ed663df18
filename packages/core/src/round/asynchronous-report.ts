/**
 * One report outside rounds, as its pipeline decodes it.
 *
 * @module
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import type { ReportingServer } from '../pipeline/contract.ts';
import type { Worker } from './asynchronous-machine.ts';

/** What a client's bytes contribute: the aggregate of one. @throws FedkitError as the pipeline's collector. */
export async function decodeReport<U extends Update>(
  half: ReportingServer<U>,
  client: ClientId,
  { version, parameters }: Worker,
  bytes: Uint8Array,
  run: Uint8Array,
): Promise<Contribution<U>> {
  const round = version + 1;
  const collector = half.open({ round, parameters: hexToBytes(parameters) });
  try {
    collector.accept(client, bytes);
    const { aggregate, facts } = await collector.close({
      round,
      run: bytesToHex(run),
      scheme: { kind: 'none' },
      population: 1,
    });
    return { values: aggregate, client, ...(facts.weight !== undefined && { weight: facts.weight }) };
  } finally {
    collector.dispose();
  }
}
