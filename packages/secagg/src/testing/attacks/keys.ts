/**
 * A server that lies about the cohort: other keys, other people, other neighbours, other models.
 *
 * @module
 */
import { SecAggClient, type SecAggClientOptions } from '../../client/client.ts';
import { roundConfigDigest } from '../../config/encode-config.ts';
import type { Mode, RoundConfig } from '../../config/round-config.ts';
import { decodeAdvertise } from '../../messages/advertise.ts';
import { decodeCohort, encodeCohort, encodeCohortBody } from '../../messages/cohort.ts';
import { HEADER_BYTES, decodeMessage } from '../../messages/header.ts';
import type { Member } from '../../messages/member.ts';
import { dealtBytes, decodeShareKeys } from '../../messages/share-keys.ts';
import { encodeShares } from '../../messages/shares.ts';
import type { ClientPolicy } from '../../policy.ts';
import { SecAggServer } from '../../server/server.ts';
import { testingIdentities } from '../identities.ts';
import { demandShares, recoverInput } from '../recovery.ts';
import { type MakeClient, Rehearsal, rehearsalConfig } from '../rehearsal.ts';
import { acceptingPolicy } from '../run-round.ts';
import { type Attack, type AttackOutcome, outcomeOf, refusalsOf } from './attack.ts';

async function offered(config: RoundConfig, makeClient: MakeClient | undefined): Promise<Rehearsal> {
  const round = new Rehearsal({ config, ...(makeClient === undefined ? {} : { makeClient }) });
  await round.until('share');
  return round;
}

async function malformedKeys(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const config = rehearsalConfig(mode);
  const round = await offered(config, makeClient);
  const members = decodeCohort(config, decodeMessage(config, round.sent.get('c0') as Uint8Array).body);
  const [own, other] = members;
  const cheats: Partial<Member>[] = [
    { maskKey: own.maskKey },
    { channelKey: own.channelKey, maskKey: own.maskKey },
    { maskKey: members[2].maskKey },
    { channelKey: other.maskKey },
    { maskKey: new Uint8Array(32) },
    { maskKey: Uint8Array.of(1, ...new Uint8Array(31)) },
    { maskKey: other.maskKey.map((byte, i) => (i === 31 ? byte | 0x80 : byte)) },
    { id: own.id },
  ];
  for (const cheat of cheats) {
    const lied = members.map((member) => (member === other ? { ...member, ...cheat } : member));
    await round.offer('c0', encodeCohort(config, encodeCohortBody(config, lied)));
  }
  return outcomeOf([round], round.refusals.length === cheats.length ? {} : { left: 'some accepted' });
}

/** The server invents everybody but c0, which then sums with nobody. */
async function inventedCohort(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const config = rehearsalConfig(mode);
  const real = testingIdentities(['c0'], 0);
  const invented = testingIdentities(['c1', 'c2', 'c3', 'c4', 'c5', 'c6'], 'the server');
  const directory = (id: string): Uint8Array | undefined => (id === 'c0' ? real : invented).directory(id);
  const round = new Rehearsal({
    config,
    server: new SecAggServer({ config, ...(config.identities ? { directory } : {}) }),
    change: (id) => (id === 'c0' || !config.identities ? {} : { identity: invented.identities[id], directory }),
    ...(makeClient === undefined ? {} : { makeClient }),
  });
  await round.until('finished');
  // The server knows what its inventions put in: what is left is c0's.
  const wanted = Rehearsal.input('c0').update;
  const others = Rehearsal.sum(round.ids.slice(1));
  const summed =
    round.server.stage === 'finished' && round.server.result().survivors.includes('c0')
      ? round.server.result().sums.update
      : undefined;
  const recovered = summed?.every((value, i) => value - others[i] === wanted[i]) ?? false;
  return outcomeOf([round], { recovered });
}

/** c1's keys of an earlier round, with its signature of then, in the cohort of this one; and that whole cohort. */
async function replayedKeys(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const earlier = await offered({ ...rehearsalConfig(mode), round: 1 }, undefined);
  const config = { ...rehearsalConfig(mode), round: 2 };
  const old = earlier.sent.get('c0') as Uint8Array;
  const stale = decodeCohort(earlier.config, decodeMessage(earlier.config, old).body)[1];
  // The tests' seed gives the same keys in both rounds: new ones for the others.
  const fresh = new Rehearsal({ config, seed: 'fresh', ...(makeClient === undefined ? {} : { makeClient }) });
  const digest = roundConfigDigest(config);
  const members = [...(await fresh.answer()).values()].map((answer, index) => {
    const { body, signed } = decodeMessage(config, answer);
    return decodeAdvertise(config, digest, body, index, signed?.signature);
  });
  const lied = members.map((member) => (member.index === 1 ? { ...stale, index: 1 } : member));
  const message = encodeCohort(config, encodeCohortBody(config, lied));
  let accepted = 0;
  for (const id of fresh.ids) {
    if (id === 'c1') continue;
    await fresh.offer(id, old);
    if ((await fresh.offer(id, message)) !== undefined) accepted++;
  }
  return outcomeOf([fresh], { left: `old keys accepted by ${accepted} of 6` });
}

/** Different models to different clients, to single one out (Pasquini et al., CCS 2022). */
async function modelInconsistency(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const config = { ...rehearsalConfig(mode), modelDigest: new Uint8Array(32).fill(1) };
  const other = { ...config, modelDigest: new Uint8Array(32).fill(2) };
  const round = new Rehearsal({
    config,
    change: (id) => (id === 'c6' ? { config: other } : {}),
    ...(makeClient === undefined ? {} : { makeClient }),
  });
  await round.answer();
  const members = round.ids.map((id, index) => {
    const { body, signed } = decodeMessage(config, round.answers.get(id) as Uint8Array);
    return decodeAdvertise(config, body.slice(0, 32), body, index, signed?.signature);
  });
  // A server that pretends not to see the digests carries everything from one to the other.
  const cohort = encodeCohort(config, encodeCohortBody(config, members));
  const dealt = await collect(round, () => cohort);
  const uploads = await collect(round, (holder) => {
    if (dealt.size < round.ids.length) return undefined;
    const peers = [...round.ids.keys()].filter((place) => place !== holder);
    return encodeShares(
      config,
      holder,
      peers.map((dealer) => {
        const { body } = decodeMessage(config, dealt.get(dealer) as Uint8Array);
        const size = dealtBytes(config);
        const at = (holder < dealer ? holder : holder - 1) * size;
        return decodeShareKeys(config, body, 6).sealed.slice(at, at + size);
      }),
    );
  });
  const upload = uploads.get(6);
  if (upload === undefined) return outcomeOf([round], { recovered: false });
  const releases = await demandShares(round, cohort, () => round.ids.map(() => true));
  const { update } = Rehearsal.input('c6');
  const isolated = releases.filter(({ holder }) => holder !== 6);
  return outcomeOf([round], { recovered: await recoverInput(config, cohort, 6, upload, isolated, update) });
}

async function collect(
  round: Rehearsal,
  message: (place: number) => Uint8Array | undefined,
): Promise<Map<number, Uint8Array>> {
  const answers = new Map<number, Uint8Array>();
  for (const [place, id] of round.ids.entries()) {
    const bytes = message(place);
    if (bytes === undefined) continue;
    if (bytes[4] === 7) round.clients.get(id)?.setInput(Rehearsal.input(id));
    const answer = await round.offer(id, bytes);
    if (answer !== undefined) answers.set(place, answer);
  }
  return answers;
}

/** Neighbours that the server picked: on a ring, they follow from everybody's parts of the seed. */
async function chosenNeighbours(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const ring = { clients: 12, graph: 'harary', degree: 6, threshold: 5, minimumClients: 4 } as const;
  if (mode === 'malicious') return outcomeOf([], { errors: refusalsOf([() => rehearsalConfig(mode, ring)]) });
  const config = rehearsalConfig(mode, ring);
  const round = await offered(config, makeClient);
  const honest = round.sent.get('c0') as Uint8Array;
  const changed = (at: number): Uint8Array => honest.map((byte, i) => (i === at ? byte ^ 1 : byte));
  // The count and the root that the ring follows from, its own path, and the neighbours' entries and paths.
  const cheats = [HEADER_BYTES, HEADER_BYTES + 4, HEADER_BYTES + 36, HEADER_BYTES + 36 + 128 + 10, honest.length - 1];
  for (const at of cheats) await round.offer('c0', changed(at));
  const elsewhere = (round.sent.get('c5') as Uint8Array).slice();
  elsewhere.set(honest.subarray(28, 32), 28);
  await round.offer('c0', elsewhere);
  const refused = round.refusals.length === cheats.length + 1;
  const finished = await round.until('finished');
  return outcomeOf([round], { left: refused && finished ? 'the honest ring is joined' : 'a chosen ring was joined' });
}

/** Rounds too weak to hide anybody, or to hold the sum. */
async function weakRounds(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const config = rehearsalConfig(mode);
  const { identities, directory } = testingIdentities(['c0'], 0);
  const propose =
    (change: Partial<RoundConfig>, terms: Partial<ClientPolicy> = {}) =>
    () => {
      const proposed = { ...config, ...change };
      const options: SecAggClientOptions = {
        id: 'c0',
        config: proposed,
        policy: { ...acceptingPolicy(config), ...terms },
        persist: async () => undefined,
        singleInstance: true,
        sealingKey: new Uint8Array(32),
        ...(proposed.identities ? { identity: identities.c0, directory } : {}),
      };
      return makeClient === undefined ? new SecAggClient(options) : makeClient(options);
    };
  const errors = refusalsOf([
    ...[-1, 0, 1, 8].map((threshold) => propose({ threshold })),
    propose({ degree: 4 }),
    propose({ minimumClients: 1 }),
    propose({ vectors: [{ ...config.vectors[0], bits: 5 }] }),
    propose({}, { minimumThreshold: 6 }),
    propose({}, { minimumClients: 6 }),
    propose({}, { corruptFraction: 0.8 }),
    propose({}, { modelDigest: new Uint8Array(32).fill(1) }),
    propose({}, { maximumEntries: 2 }),
    propose({ suite: 'chacha20' }, { suites: ['aes-128-ctr'] }),
  ]);
  return outcomeOf([], { errors, left: 'nothing leaves the client' });
}

/** Lies about who takes part, and in what. */
export const keyAttacks: readonly Attack[] = [
  { name: 'copied, reflected and low-order keys', cheat: 'server', run: malformedKeys },
  { name: 'an invented cohort around one client', cheat: 'server', run: inventedCohort },
  { name: 'keys replayed from an earlier round', cheat: 'server', run: replayedKeys },
  { name: 'neighbours chosen by the server', cheat: 'server', run: chosenNeighbours },
  { name: 'weak parameters', cheat: 'server', run: weakRounds },
  { name: 'different models to different clients', cheat: 'server', run: modelInconsistency },
];
