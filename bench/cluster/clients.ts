/**
 * The cluster's clients, all in this process: they ask any front end that answers, until they are told that they count.
 *
 * @module
 */
import { type Exchange, federatedClient, memoryStore, secureRng } from '@fedkit/core';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  type Request,
  type Response,
  type RoundTask,
} from '@fedkit/core/protocol';
import { fetchExchange } from '@fedkit/core/transport/fetch';
import { type ClusterConfig, contributionOf, namesOf, pipelineOf, vanishing } from './federation.ts';

/** Reports on their way at a time: memory of the clients. */
const AT_A_TIME = 16;
export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks the front ends in turn, each once. */
function anyFront({ ports }: ClusterConfig, client: string): Exchange {
  const exchanges = ports.map((port) =>
    fetchExchange({ url: `http://127.0.0.1:${port}/fedkit`, headers: { 'fedkit-client': client }, attempts: 1 }),
  );
  let turn = 0;
  return async (request, options) => {
    try {
      return await exchanges[turn % exchanges.length](request, options);
    } catch (error) {
      turn++;
      throw error;
    }
  };
}

/** Every client joins by some front end and reports until it is told that it counts. */
export async function reportAll(config: ClusterConfig, onAccepted: () => void): Promise<void> {
  if (config.work === 'secure') return exchangeAll(config);
  const half = pipelineOf(config).client();
  if (half.sends !== 'report') throw new Error('a pipeline of reports');
  const names = namesOf(config);
  let holding = 0;
  const one = async (client: string): Promise<void> => {
    const exchange = anyFront(config, client);
    const ask = async (request: Request): Promise<Response> => {
      for (;;) {
        const answer = await exchange(encodeRequest(request)).then(decodeResponse, () => undefined);
        if (answer !== undefined && answer.kind !== 'refused') return answer;
        if (answer !== undefined && answer.code !== 'UNAVAILABLE')
          throw new Error(`${client} was refused: ${answer.message}`);
        // The next front end, and not at once.
        await pause(100);
      }
    };
    let task: RoundTask | undefined;
    while (task === undefined) {
      const answer = await ask({ kind: 'join' });
      if (answer.kind === 'task') task = answer.task;
      else await pause(names.length > 100 ? 1000 : 200);
    }
    half.check(task);
    while (holding >= AT_A_TIME) await pause(20);
    holding++;
    const { bytes } = half.encode(task, contributionOf(client, config), { rng: secureRng(), client });
    const answer = await ask({ kind: 'report', ticket: task.ticket, bytes });
    holding--;
    if (answer.kind !== 'accepted') throw new Error(`${client} was answered ${answer.kind}`);
    onAccepted();
  };
  // Everyone waits at once, since a round opens when all are there; few hold a report at a time.
  await Promise.all(names.map(one));
}

/** Clients of a secure sum, of whom some vanish in place of their masked input. Resolves once the run is over. */
async function exchangeAll(config: ClusterConfig): Promise<void> {
  const gone = vanishing(config.clients);
  const one = async (id: string, index: number): Promise<void> => {
    const away = new AbortController();
    const { values } = contributionOf(id, config);
    const said = new Set<string>();
    const front = anyFront(config, id);
    const client = federatedClient({
      id,
      pipeline: pipelineOf(config) as never,
      trainer: {
        train: async () => ({ values: values.update, steps: 1, examples: 1 }),
        gradient: async () => new Float32Array(config.parameters),
      },
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 1 }),
      async exchange(request, options) {
        const asked = decodeRequest(request);
        if (asked.kind === 'exchange' && asked.message) said.add(Buffer.from(asked.message).toString('base64'));
        // Its key and its shares are with the others by now: their masks with it have to be taken out of the sum.
        if (index < gone && said.size === 3) {
          away.abort();
          throw new Error('gone');
        }
        return front(request, options);
      },
      store: memoryStore(),
      signal: away.signal,
    });
    await client.run().catch((error: unknown) => {
      if (!away.signal.aborted) throw error;
    });
  };
  await Promise.all(namesOf(config).map(one));
}
