// Rounds whose survivors are acknowledged and whose clients sign, with two holders that lie about a share, and what they and a dealer open.
import {
  SecAggClient,
  SecAggServer,
  encodeRoundConfig,
  nodeProvider,
  plainProvider,
  publicKeyOf,
  roundConfig,
  roundConfigDigest,
} from '../../src/index.ts';
import { signMessage } from '../../src/identity.ts';
import { HEADER_BYTES, SIGNATURE_BYTES } from '../../src/messages/header.ts';
import { SHARE_BYTES } from '../../src/shamir.ts';
import { acceptingPolicy, testingIdentities, testingRng } from '../../src/testing/index.ts';
import { readRound } from '../independent-reading.ts';
import type { MessageVector, RoundVector } from './format.ts';
import { withSeeds } from './seeds.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const provider = nodeProvider() ?? plainProvider;

/** Runs it and writes everything down; `drop` falls silent before its input. */
export async function signedRoundVector(
  name: string,
  options: Partial<Parameters<typeof roundConfig>[0]> & { readonly clients: number },
  drop: string,
  lies: NonNullable<RoundVector['lies']>,
): Promise<RoundVector> {
  const seed = `vector ${name}`;
  const config = roundConfig({
    vectors: { update: { length: 5, bound: 1000 } },
    corruptFraction: 0,
    dropoutFraction: 0,
    minimumClients: options.threshold ?? 2,
    session: testingRng(`${seed}/session`).fill(new Uint8Array(16)),
    round: 43,
    modelDigest: new Uint8Array(32).fill(0xcd),
    ...options,
  });
  const ids = Array.from({ length: options.clients }, (_, i) => `c${i}`);
  const { identities, directory } = testingIdentities(ids, seed);
  const clients = ids.map((id, i) => {
    const rng = testingRng(`${seed}/${id}`);
    const draw = () => hex(rng.fill(new Uint8Array(32)));
    const [channelSecret, maskSecret] = [draw(), draw()];
    const part = config.graph === 'harary' ? { part: draw() } : {};
    const { secretKey } = identities[id];
    const identity = { secretKey: hex(secretKey), publicKey: hex(publicKeyOf({ secretKey })) };
    const input = { update: [i, -i, 1000, -1000, 7 * i] };
    return { id, channelSecret, maskSecret, ...part, selfMaskSeed: '', identity, weight: 1, input };
  });
  const server = new SecAggServer({ config, directory });
  const messages: MessageVector[] = [];
  const record = (direction: 'up' | 'down', client: string, bytes: Uint8Array, stage: string): void => {
    messages.push({ direction, client, stage, bytes: hex(bytes) });
  };
  const machines = new Map<string, SecAggClient>();
  for (const id of ids) {
    const machine = new SecAggClient({
      id,
      config,
      policy: acceptingPolicy(config),
      persist: async () => undefined,
      singleInstance: true,
      sealingKey: new Uint8Array(32),
      rng: testingRng(`${seed}/${id}`),
      identity: identities[id],
      directory,
    });
    machines.set(id, machine);
    const message = await machine.start();
    record('up', id, message, server.stage);
    await server.receive(id, message);
  }
  // Which dealers a holder answers for, ascending: everybody in the complete graph, its peers on a ring.
  const dealersOf = (holder: string): string[] => {
    if (config.graph === 'complete') return ids;
    const { peers } = readRound(vectorOf());
    return peers[ids.indexOf(holder)].map(({ id }) => id.toString());
  };
  const lied = (holder: string, answer: Uint8Array): Uint8Array => {
    let content = answer.slice(0, answer.length - SIGNATURE_BYTES);
    const mine = lies.filter((lie) => lie.holder === holder);
    if (mine.length === 0) return answer;
    for (const { dealer, found } of mine) {
      const dealers = dealersOf(holder);
      const place = dealers.indexOf(dealer);
      if (place < 0) throw new Error(`${holder} holds no share of ${dealer}, but of ${dealers.join()}`);
      const bits = HEADER_BYTES + 36;
      const at = bits + Math.ceil(dealers.length / 8) + place * SHARE_BYTES;
      if (found === 'wrong') content[at] ^= 1;
      else {
        content[bits + (place >> 3)] ^= 1 << (place & 7);
        content = Uint8Array.from([...content.subarray(0, at), ...content.subarray(at + SHARE_BYTES)]);
      }
    }
    return signMessage(provider, config, roundConfigDigest(config), identities[holder], content);
  };
  const vectorOf = () => ({
    name,
    config: hex(encodeRoundConfig(config)),
    configDigest: hex(roundConfigDigest(config)),
    transcript: '',
    clients,
    drop: { input: [drop] },
    messages,
    lies,
    survivors: [] as string[],
    weight: 0,
    sums: {},
  });
  while (server.stage !== 'finished') {
    const sent = new Map(await server.advance());
    const { stage } = server;
    for (const [id, bytes] of sent) {
      record('down', id, bytes, stage);
      if (id === drop && stage === 'input') continue;
      const machine = machines.get(id) as SecAggClient;
      if (stage === 'input') {
        machine.setInput({ update: Int32Array.from(clients[ids.indexOf(id)].input.update) });
      }
      const answer = (await machine.receive(bytes)) as Uint8Array;
      const given = stage === 'unmask' ? lied(id, answer) : answer;
      record('up', id, given, stage);
      await server.receive(id, given);
    }
  }
  for (const [id, request] of server.askOpenings()) {
    record('down', id, request, 'openings');
    const answer = (await (machines.get(id) as SecAggClient).receive(request)) as Uint8Array;
    record('up', id, answer, 'openings');
    await server.receive(id, answer);
  }
  const { survivors, sums, weight } = server.result();
  const vector = {
    ...vectorOf(),
    verdicts: server.verdicts.map(({ dealer, holder, kind, verdict }) => ({ dealer, holder, kind, verdict })),
    survivors,
    weight,
    sums: Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, Array.from(sum)])),
  };
  const transcript = readRound(vector).transcript.toString('hex');
  return { ...vector, transcript, clients: withSeeds(vector, (id) => `${seed}/${id}`) };
}
