/**
 * From all that a lying server has to the sum over chosen clients, if it has enough.
 *
 * @module
 */
import { defaultProvider } from '../../crypto/default-provider.ts';
import { type MaskTask, runMaskTask } from '../../executor/mask-task.ts';
import { maskParty } from '../../messages/member.ts';
import { encodeOpeningRequest } from '../../messages/opening-request.ts';
import { decodeOpenings } from '../../messages/openings.ts';
import { channelParty } from '../../messages/member.ts';
import { LIMBS, combineWords, interpolationWeights } from '../../shamir.ts';
import { type ShareKind, openWithKey } from '../../share-encryption.ts';
import { VectorSum } from '../../sum/vector-sum.ts';
import { LyingServer } from './lying-server.ts';

/** Whether the server has the exact sum of the inputs of `members`, which are honest. */
export async function opensSum(server: LyingServer, members: readonly number[]): Promise<boolean> {
  const { config, round } = server;
  const provider = defaultProvider();
  const layout = round.layout();
  const total = new VectorSum(layout.vectors);
  // Masks from the side of the members themselves, which have the other sign.
  const mirrored = new VectorSum(layout.vectors);
  const inside = new Set(members);
  const remove = (masks: Partial<MaskTask>, from = total): Promise<void> =>
    runMaskTask(provider, { layout, selfMasks: [], pairMasks: [], ...masks }, from);
  const around = new Map<number, number[]>();
  for (const member of members) {
    const input = server.inputs[member];
    const seed = await rebuild(server, member, 'selfMask');
    if (input === undefined || seed === undefined) return false;
    input.packed.forEach((packed, i) => total.addPacked(i, packed));
    await remove({ selfMasks: [{ party: maskParty(round.members[member]), seed }] });
    for (const peer of server.dealersOf(member)) {
      if (!inside.has(peer)) around.set(peer, [...(around.get(peer) ?? []), member]);
    }
  }
  const party = (member: number): ReturnType<typeof maskParty> => maskParty(round.members[member]);
  for (const [peer, ones] of around) {
    const secretKey = server.puppets[peer]?.maskSecret ?? (await rebuild(server, peer, 'maskKey'));
    if (secretKey !== undefined) {
      await remove({ pairMasks: [{ party: party(peer), secretKey, survivors: ones.map(party) }] });
      continue;
    }
    for (const one of ones) {
      const own = await rebuild(server, one, 'maskKey');
      if (own === undefined) return false;
      await remove({ pairMasks: [{ party: party(one), secretKey: own, survivors: [party(peer)] }] }, mirrored);
    }
  }
  const wanted = [0, 0, 0];
  for (const member of members) LyingServer.input(member).forEach((value, i) => (wanted[i] += value));
  const modulus = 2 ** config.vectors[0].bits;
  const other = mirrored.centered(0);
  return Array.from(total.centered(0)).every((value, i) => (value - other[i] - wanted[i]) % modulus === 0);
}

async function rebuild(server: LyingServer, dealer: number, kind: ShareKind): Promise<Uint8Array | undefined> {
  const { threshold } = server.config;
  const shares = await sharesOf(server, dealer, kind);
  if (kind === 'selfMask' && shares.size < threshold) {
    for (const [holder, share] of await openedByDealer(server, dealer)) shares.set(holder, share);
  }
  if (shares.size < threshold) return undefined;
  const some = [...shares].slice(0, threshold);
  const weights = interpolationWeights(Uint32Array.from(some, ([holder]) => holder + 1));
  return combineWords(
    weights,
    some.map(([, words]) => words),
    new Uint32Array(threshold),
  );
}

async function sharesOf(server: LyingServer, dealer: number, kind: ShareKind): Promise<Map<number, Uint32Array>> {
  const { round } = server;
  const shares = new Map<number, Uint32Array>();
  const own = round.complete ? [dealer] : [];
  for (const holder of [...round.peersOf(dealer), ...own]) {
    const puppet = server.puppets[holder];
    const released = server.responses[holder];
    if (puppet !== undefined) {
      const sealed =
        kind === 'selfMask' ? server.sealedSeed(dealer, holder) : round.sealedShare(dealer, holder, 'maskKey');
      const share = await puppet.share(dealer, kind, sealed);
      if (share !== undefined) shares.set(holder, new Uint32Array(share.slice().buffer));
    } else if (released !== undefined) {
      const place = server.dealersOf(holder).indexOf(dealer);
      const survivor = holder === dealer || server.told('survived', holder, dealer);
      if (place < 0 || !released.present[place] || survivor !== (kind === 'selfMask')) continue;
      shares.set(holder, released.words.slice(place * LIMBS, (place + 1) * LIMBS));
    }
  }
  return shares;
}

/** The dealer is asked for every share of its own seed. */
async function openedByDealer(server: LyingServer, dealer: number): Promise<Map<number, Uint32Array>> {
  const { config, round } = server;
  const shares = new Map<number, Uint32Array>();
  if (server.puppets[dealer] !== undefined || server.responses[dealer] === undefined) return shares;
  const peers = Array.from(round.peersOf(dealer));
  const dealings = peers.map((holder) => ({ dealer, holder, kind: 'selfMask' as const }));
  const answer = await server.offer(dealer, encodeOpeningRequest(config, dealer, dealings));
  if (answer === undefined) return shares;
  const { keys } = decodeOpenings(answer.body, peers.length);
  const { context } = round.layout();
  peers.forEach((holder, i) => {
    const [from, to] = [dealer, holder].map((member) => channelParty(round.members[member]));
    const sealed = server.sealedSeed(dealer, holder);
    const share = openWithKey(defaultProvider(), context, keys[i], from, to, 'selfMask', sealed);
    if (share !== undefined) shares.set(holder, new Uint32Array(share.slice().buffer));
  });
  return shares;
}
