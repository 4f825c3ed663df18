/**
 * Reports outside rounds: which pipelines have them, and how one is decoded.
 *
 * @module
 */
import { fromHex, toHex } from '../from-hex.ts';
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import type { ReportingServer } from '../pipeline/contract.ts';
import type { Worker } from './asynchronous-machine.ts';
import type { AsynchronousServerOptions } from './server-options.ts';

/** What a client's bytes contribute: the aggregate of one. @throws FedkitError as the pipeline's collector. */
export async function decodeReport<U extends Update>(
  half: ReportingServer<U>,
  client: ClientId,
  { version, parameters }: Worker,
  bytes: Uint8Array,
  run: Uint8Array,
): Promise<Contribution<U>> {
  const round = version + 1;
  const collector = half.open({ round, parameters: fromHex(parameters) });
  try {
    collector.accept(client, bytes);
    const { aggregate, facts } = await collector.close({
      round,
      run: toHex(run),
      scheme: { kind: 'none' },
      population: 1,
    });
    return { values: aggregate, client, ...(facts.weight !== undefined && { weight: facts.weight }) };
  } finally {
    collector.dispose();
  }
}

/**
 * The server's half of a pipeline whose reports count one by one.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for one that collects anything else.
 */
export function halfWithoutRounds<U extends Update>(
  pipeline: AsynchronousServerOptions<U>['pipeline'],
): ReportingServer<U> {
  const where = 'federatedServer: pipeline';
  const half = pipeline.server();
  if (half.collects !== 'reports') {
    refuse('INVALID_ARGUMENT', where, 'plainUpdates around an asynchronous algorithm', pipeline.kind);
  }
  if (half.minimumContributors !== 1) {
    const expected = '1 around an asynchronous algorithm';
    refuse('INVALID_ARGUMENT', `${where}: minimumContributors`, expected, half.minimumContributors);
  }
  return half;
}
