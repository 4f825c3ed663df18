// Seeded mutations of recorded rounds, on both sides: whatever arrives, only typed errors leave, a refused message
// changes nothing, and the honest round still ends in the right sum.
import { type Rng, isFedkitError, seededRng } from '@fedkit/core';
import { SecAggClient, SecAggServer, plainProvider, publicKeyOf, roundConfigDigest } from '../src/index.ts';
import { signMessage } from '../src/identity.ts';
import { HEADER_BYTES } from '../src/messages/header.ts';
import { testingRng } from '../src/testing/index.ts';
import { Round, SEALING_KEY, Saves, clientOptions, configOf, ringOf } from './harness.ts';

export interface FuzzCounts {
  refused: number;
  /** Mutations that are legitimate messages of their sender, or of a server that lies about others' keys. */
  accepted: number;
}

const identityOf = (id: string) => ({ secretKey: new Uint8Array(32).fill(1 + Number(id.slice(1))) });
const directory = (id: string) => (/^c\d$/.test(id) ? publicKeyOf(identityOf(id)) : undefined);

/** The configurations that are mutated in turn. */
export function fuzzConfigs() {
  return [
    configOf({ clients: 5, threshold: 3, minimumClients: 3 }),
    configOf({ clients: 5, threshold: 3, minimumClients: 3, identities: true }),
    ringOf(6, 4, 2),
    ringOf(6, 4, 2, { identities: true }),
  ];
}

/** Those whose survivors are acknowledged. */
export function signedFuzzConfigs() {
  return [
    configOf({ clients: 6, threshold: 4, minimumClients: 4, mode: 'malicious' }),
    ringOf(9, 8, 6, { mode: 'semi-malicious', identities: true }),
  ];
}

/** Mutates messages of every stage, `count` on each side; throws where anything but a typed error appears. */
export async function fuzzRound(config: ReturnType<typeof configOf>, count: number, seed: string): Promise<FuzzCounts> {
  const rng = seededRng(seed);
  const counts = { refused: 0, accepted: 0 };
  const saves = new Saves();
  const serverOptions = {
    config,
    persist: saves.persist,
    sealingKey: SEALING_KEY,
    ...(config.identities ? { directory } : {}),
  };
  const more = (id: string) => (config.identities ? { identity: identityOf(id), directory } : {});
  let server = new SecAggServer(serverOptions);
  const round = new Round(config, more, server);
  const stages = config.graph === 'complete' ? 4 : 5;
  let pool: Uint8Array[] = [];
  while (server.stage !== 'finished') {
    const { stage } = server;
    const portion = Math.ceil(count / stages);
    if (stage !== 'advertise') {
      pool = [...pool, ...round.sent.values()];
      for (let i = 0; i < portion; i++) {
        const id = round.ids[rng.below(config.clients)];
        await mutateClient(round, id, mutate(round.sent.get(id) as Uint8Array, pool, rng), counts, more);
      }
    }
    await round.answer();
    pool = [...pool, ...round.answers.values()].slice(-40);
    for (let i = 0; i < portion; i++) {
      const id = round.ids[rng.below(config.clients)];
      const hostile = mutate(round.answers.get(id) as Uint8Array, pool, rng);
      if (await offered(() => server.receive(id, hostile), counts)) {
        // It took the honest message's place: back to where the stage began.
        server =
          stage === 'advertise'
            ? new SecAggServer(serverOptions)
            : SecAggServer.restore({ ...serverOptions, sealedState: saves.last });
      }
    }
    Object.assign(round, { server });
    if (stage === 'unmask') changeShare(round);
    await round.deliver();
    round.sent = new Map(await server.advance());
  }
  const { sums, survivors } = server.result();
  const wanted = Round.sum(round.ids);
  if (survivors.length !== config.clients || sums.update.some((value, i) => value !== wanted[i])) {
    throw new Error('a refused message changed the sum');
  }
  await fuzzOpenings(round, Math.ceil(count / stages), pool, rng, counts, more);
  return counts;
}

/** A holder releases another share than it was dealt, so that it is asked for its key. */
function changeShare(round: Round): void {
  const { config } = round;
  const answer = round.answers.get('c1') as Uint8Array;
  const content = answer.slice(0, answer.length - (config.identities ? 64 : 0));
  const bits = HEADER_BYTES + 36;
  const dealers = new DataView(content.buffer).getUint32(bits - 4, true);
  content[bits + Math.ceil(dealers / 8)] ^= 1;
  round.answers.set('c1', signMessage(plainProvider, config, roundConfigDigest(config), identityOf('c1'), content));
}

/** Requests for single shares, and what comes of them. */
async function fuzzOpenings(
  round: Round,
  portion: number,
  pool: readonly Uint8Array[],
  rng: Rng,
  counts: FuzzCounts,
  more: (id: string) => object,
): Promise<void> {
  const { server } = round;
  round.sent = server.askOpenings();
  const asked = [...round.sent.keys()];
  if (asked.length === 0) throw new Error('nobody was asked to open a share');
  const all = [...pool, ...round.sent.values()];
  for (let i = 0; i < portion; i++) {
    const id = asked[rng.below(asked.length)];
    await mutateClient(round, id, mutate(round.sent.get(id) as Uint8Array, all, rng), counts, more);
  }
  await round.answer();
  all.push(...round.answers.values());
  const taken = new Set<string>();
  for (let i = 0; i < portion; i++) {
    const id = asked[rng.below(asked.length)];
    const hostile = mutate(round.answers.get(id) as Uint8Array, all, rng);
    if (await offered(() => server.receive(id, hostile), counts)) taken.add(id);
  }
  for (const id of asked) if (!taken.has(id)) await server.receive(id, round.answers.get(id) as Uint8Array);
  for (const { verdict } of server.verdicts) {
    if (verdict === 'dealer') throw new Error('an honest dealer was found guilty');
    if (verdict === 'undecided' && taken.size === 0) throw new Error('a lying holder was not found');
  }
}

async function mutateClient(
  round: Round,
  id: string,
  hostile: Uint8Array,
  counts: FuzzCounts,
  more: (id: string) => object,
): Promise<void> {
  const client = round.client(id);
  const saves = round.saves.get(id) as Saves;
  const before = { stage: client.stage, saved: saves.all.length };
  if (round.server.stage === 'input') round.giveInput(id);
  if (await offered(() => client.receive(hostile), counts)) {
    if (client.stage === before.stage) return;
    saves.all.length = before.saved;
  } else if (client.stage !== before.stage || saves.all.length !== before.saved) {
    throw new Error('a refused message moved the client');
  }
  if (client.stage !== before.stage) {
    const options = {
      ...clientOptions(round.config, id, { persist: saves.persist, ...more(id) }),
      rng: testingRng(id),
    };
    round.clients.set(id, SecAggClient.restore({ ...options, sealedState: saves.last }));
  }
}

async function offered(act: () => Promise<unknown>, counts: FuzzCounts): Promise<boolean> {
  try {
    await act();
    counts.accepted++;
    return true;
  } catch (error) {
    if (!isFedkitError(error)) throw error;
    const text = `${error.message} ${JSON.stringify(error.details)}`;
    if (text.length > 600 || /[0-9a-f]{20}/.test(text)) throw new Error(`an error shows too much: ${text}`);
    counts.refused++;
    return false;
  }
}

/** One to three changes: bits, bytes, words at their extremes, cuts, insertions, pieces of other messages. */
export function mutate(message: Uint8Array, pool: readonly Uint8Array[], rng: Rng): Uint8Array {
  let bytes = new Uint8Array(message);
  for (let left = 1 + rng.below(3); left > 0; left--) {
    const at = rng.below(Math.max(1, bytes.length));
    switch (rng.below(8)) {
      case 0:
        bytes[at] ^= 1 << rng.below(8);
        break;
      case 1:
        bytes[at] = rng.below(256);
        break;
      case 2:
        bytes.fill([0, 0xff, 0x7f, 0x80][rng.below(4)], at, at + 4);
        break;
      case 3:
        bytes = bytes.slice(0, at);
        break;
      case 4:
        bytes = Uint8Array.from([
          ...bytes.subarray(0, at),
          ...rng.fill(new Uint8Array(1 + rng.below(40))),
          ...bytes.subarray(at),
        ]);
        break;
      case 5: {
        const other = pool[rng.below(pool.length)];
        const from = rng.below(other.length);
        bytes.set(other.subarray(from, from + Math.min(rng.below(64), bytes.length - at)), at);
        break;
      }
      case 6:
        bytes = new Uint8Array(pool[rng.below(pool.length)]);
        break;
      default:
        bytes.copyWithin(rng.below(bytes.length + 1), at, at + rng.below(64));
    }
  }
  return bytes;
}
