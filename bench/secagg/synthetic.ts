// The messages one client of a large cohort receives, made without running the other clients: their keys are real, and
// so is every share encrypted to this client, so that it does all of its work.
import { secureRng } from '@fedkit/core';
import { nodeProvider, plainProvider, roundConfigDigest, SecAggClient, type RoundConfig } from '@fedkit/secagg';
import { acceptingPolicy } from '@fedkit/secagg/testing';
import type { Agreement } from '../../packages/secagg/src/crypto/provider.ts';
import { extractKey, type KeyContext, wordOf } from '../../packages/secagg/src/key-derivation.ts';
import { encodeCohort, encodeCohortBody } from '../../packages/secagg/src/messages/cohort.ts';
import { decodeMessage, NO_INDEX } from '../../packages/secagg/src/messages/header.ts';
import { decodeAdvertise } from '../../packages/secagg/src/messages/advertise.ts';
import { channelParty, type Member } from '../../packages/secagg/src/messages/member.ts';
import { encodeShares } from '../../packages/secagg/src/messages/shares.ts';
import { encodeUnmaskRequest } from '../../packages/secagg/src/messages/unmask-request.ts';
import { SHARE_BYTES } from '../../packages/secagg/src/shamir.ts';
import { sealShare } from '../../packages/secagg/src/share-encryption.ts';
import { encodeSurvivors, encodeSurvivorsBody } from '../../packages/secagg/src/messages/survivors.ts';
import { encodeWords } from '../../packages/secagg/src/messages/words.ts';
import { cohortTranscript, survivorsHash } from '../../packages/secagg/src/transcript.ts';
import { concat } from '../../packages/secagg/src/internal/bytes.ts';

const provider = nodeProvider() ?? plainProvider;
const rng = secureRng();

interface Peer {
  readonly member: Member;
  readonly channel: Agreement;
}

/** Peers with real keys for every place but the last, which is the measured client's. */
export async function makePeers(clients: number): Promise<Peer[]> {
  const peers: Peer[] = [];
  for (let index = 0; index < clients - 1; index++) {
    const channel = await provider.agreement(rng.fill(new Uint8Array(32)));
    const mask = await provider.agreement(rng.fill(new Uint8Array(32)));
    const id = new TextEncoder().encode(`client-${index}`);
    peers.push({ channel, member: { index, id, channelKey: channel.publicKey, maskKey: mask.publicKey } });
  }
  return peers;
}

/** What one client did and what it cost. */
export interface ClientRun {
  /** CPU milliseconds by step. */
  readonly cpu: Readonly<Record<'start' | 'cohort' | 'shares' | 'acknowledge' | 'unmask' | 'total', number>>;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly shares: number;
}

/** Runs one client of a complete graph through a round in which `dropped` peers fall silent before their input. */
export async function runClient(config: RoundConfig, peers: readonly Peer[], dropped: number): Promise<ClientRun> {
  const client = new SecAggClient({
    id: 'measured',
    config,
    policy: acceptingPolicy(config),
    persist: async () => undefined,
    singleInstance: true,
    sealingKey: new Uint8Array(32).fill(7),
  });
  let held = process.cpuUsage();
  const lap = (): number => {
    const { user, system } = process.cpuUsage(held);
    held = process.cpuUsage();
    return (user + system) / 1000;
  };
  lap();
  const advertised = await client.start();
  const start = lap();

  const digest = roundConfigDigest(config);
  const me = decodeAdvertise(config, digest, decodeMessage(config, advertised).body, config.clients - 1);
  const body = encodeCohortBody(config, [...peers.map(({ member }) => member), me]);
  const cohortMessage = encodeCohort(config, body);
  lap();
  const shared = (await client.receive(cohortMessage)) as Uint8Array;
  const cohort = lap();

  const context: KeyContext = {
    session: config.session,
    round: config.round,
    transcript: cohortTranscript(digest, body),
  };
  const share = new Uint8Array(SHARE_BYTES).fill(1);
  const pairs: Uint8Array[] = [];
  const channels: Uint8Array[] = [];
  for (const { member, channel } of peers) {
    const key = extractKey(provider, context, await channel.agree(me.channelKey));
    const parties = [channelParty(member), channelParty(me)] as const;
    channels.push(key);
    pairs.push(
      concat(
        sealShare(provider, context, key, ...parties, 'maskKey', share),
        sealShare(provider, context, key, ...parties, 'selfMask', share),
      ),
    );
  }
  const sharesMessage = encodeShares(config, me.index, pairs);
  const input = Object.fromEntries(
    config.vectors.map(({ name, length, bound }) => [name, new Int32Array(length).fill(bound)]),
  );
  lap();
  client.setInput(input);
  const masked = (await client.receive(sharesMessage)) as Uint8Array;
  const shares = lap();

  const survived = Array.from({ length: config.clients }, (_, i) => i >= dropped);
  let request = encodeUnmaskRequest(config, NO_INDEX, { total: config.clients - dropped, survived });
  let acknowledge = 0;
  let [up, down] = [0, 0];
  if (config.mode !== 'semi-honest') {
    const survivors = encodeSurvivorsBody(survived);
    const message = encodeSurvivors(config, survivors);
    lap();
    up = ((await client.receive(message)) as Uint8Array).length;
    acknowledge = lap();
    down = message.length;
    const hash = survivorsHash(context.transcript, survivors);
    const words = peers.map(({ member }, i) =>
      survived[i] ? wordOf(provider, context, channels[i], channelParty(member), channelParty(me), hash) : undefined,
    );
    request = encodeWords(config, me.index, { hash, words, seeds: new Uint8Array(0) });
  }
  lap();
  const unmasked = (await client.receive(request)) as Uint8Array;
  const unmask = lap();
  return {
    cpu: { start, cohort, shares, acknowledge, unmask, total: start + cohort + shares + acknowledge + unmask },
    bytesUp: advertised.length + shared.length + masked.length + up + unmasked.length,
    bytesDown: cohortMessage.length + sharesMessage.length + down + request.length,
    shares: (unmasked.length - 32) / SHARE_BYTES,
  };
}
