/**
 * What runs were started with, asked once a run.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';
import { fromWire, type Values } from '../array/records.ts';
import { GET_RUN } from '../proto/messages.ts';
import type { FleetClient } from './fleet-client.ts';

/** How many runs are remembered: a node works on one message at a time, of few runs. */
const REMEMBERED = 16;

/** Run configurations by run. */
export class RunConfigs {
  readonly #configs = new Map<bigint, Values>();

  /** Of a run that a message came of. @throws FedkitError `PROTOCOL_STATE` for a run that is over or unknown, and as calls do. */
  async config(client: FleetClient, nodeId: bigint, runId: bigint): Promise<Values> {
    const known = this.#configs.get(runId);
    if (known !== undefined) return known;
    const { run } = await client.call(GET_RUN, { node: { nodeId }, runId });
    if (run === undefined) return refuse('PROTOCOL_STATE', 'flowerNode: get-run', 'a run', 'none');
    const config: Values = Object.fromEntries(run.config.map(({ key, value }) => [key, fromWire(value)]));
    for (const oldest of [...this.#configs.keys()].slice(0, 1 + this.#configs.size - REMEMBERED))
      this.#configs.delete(oldest);
    this.#configs.set(runId, config);
    return config;
  }

  /** Of a run that was asked about, or empty: a reply of an earlier process is pushed without asking. */
  known(runId: bigint): Values {
    return this.#configs.get(runId) ?? {};
  }
}
