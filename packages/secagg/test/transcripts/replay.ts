// Parties of a negative round at any stage, from what its vector says and nothing else.
import { SecAggClient, SecAggServer, decodeRoundConfig, plainProvider, roundConfigDigest } from '../../src/index.ts';
import { emptyState, encodeClientState } from '../../src/client/state.ts';
import { fromHex } from '../../src/internal/bytes.ts';
import { decodeAdvertise } from '../../src/messages/advertise.ts';
import { NO_INDEX, decodeMessage } from '../../src/messages/header.ts';
import { sealState } from '../../src/persist/seal.ts';
import { acceptingPolicy, testingRng } from '../../src/testing/index.ts';
import type { ClientVector, NegativeRoundVector } from './format.ts';

type Receive = (client: string, message: Uint8Array) => Promise<unknown>;

const KEY = new Uint8Array(32).fill(1);

function directoryOf({ clients }: NegativeRoundVector): { directory?: (id: string) => Uint8Array | undefined } {
  const keys = new Map(clients.map(({ id, identity }) => [id, identity && fromHex(identity.publicKey)]));
  return clients[0].identity === undefined ? {} : { directory: (id) => keys.get(id) };
}

/** The server, once it has taken every message before those that clients send in `stage`. */
export async function replayServer(vector: NegativeRoundVector, stage: string): Promise<Receive> {
  const server = new SecAggServer({ config: decodeRoundConfig(fromHex(vector.config)), ...directoryOf(vector) });
  for (const { direction, client, stage: of, bytes } of vector.messages) {
    if (of === stage) break;
    while (server.stage !== of && of !== 'openings') await server.advance();
    if (direction === 'up') await server.receive(client, fromHex(bytes));
  }
  if (stage === 'openings') {
    await server.advance();
    server.askOpenings();
  } else while (server.stage !== stage) await server.advance();
  return (client, message) => server.receive(client, message);
}

/** A client, before it takes what it was sent in `stage`; in `openings`, once it has answered it. */
export async function replayClient(vector: NegativeRoundVector, id: string, stage: string): Promise<Receive> {
  const config = decodeRoundConfig(fromHex(vector.config));
  const secrets = vector.clients.find((client) => client.id === id) as ClientVector;
  const mine = vector.messages.filter(({ client }) => client === id);
  const client = SecAggClient.restore({
    id,
    config,
    policy: acceptingPolicy(config),
    persist: async () => undefined,
    singleInstance: true,
    sealingKey: KEY,
    rng: testingRng('replay'),
    ...directoryOf(vector),
    ...(secrets.identity && { identity: { secretKey: fromHex(secrets.identity.secretKey) } }),
    sealedState: advertised(vector, secrets, fromHex(mine[0].bytes)),
  });
  for (const { direction, stage: of, bytes } of mine) {
    if (direction === 'up') continue;
    if (of === stage && stage !== 'openings') break;
    if (client.stage === 'shared') client.setInput({ update: Int32Array.from(secrets.input.update) });
    await client.receive(fromHex(bytes));
    if (stage === 'released' && of === 'unmask') break;
  }
  if (stage === 'input') client.setInput({ update: Int32Array.from(secrets.input.update) });
  return (_, message) => client.receive(message);
}

/** The saved state of a client that has advertised with these secrets. */
function advertised(vector: NegativeRoundVector, secrets: ClientVector, answer: Uint8Array): Uint8Array {
  const config = decodeRoundConfig(fromHex(vector.config));
  const digest = roundConfigDigest(config);
  const { body, signed } = decodeMessage(config, answer);
  const member = decodeAdvertise(config, digest, body, NO_INDEX, signed?.signature);
  const state = encodeClientState(config, {
    ...emptyState(member),
    stage: 'advertised',
    channelSecret: fromHex(secrets.channelSecret),
    maskSecret: fromHex(secrets.maskSecret),
    answers: [{ type: 0, request: new Uint8Array(32), answer }],
  });
  return sealState(plainProvider, testingRng('seal'), KEY, 'client', digest, state);
}
