// CPU of one client against a malicious server: every advertisement verified, the survivors acknowledged with a word to each
// peer, t words checked before shares are released. All steps with their state saved.
// pnpm bench secagg malicious-client [clients, default 1000] [entries, default 100000] [runs, default 5]
import { type ClientId, secureRng } from '@fedkit/core';
import {
  type Identity,
  type RoundConfig,
  SecAggClient,
  nodeProvider,
  plainProvider,
  publicKeyOf,
  roundConfig,
  roundConfigDigest,
} from '@fedkit/secagg';
import { acceptingPolicy } from '@fedkit/secagg/testing';
import type { Agreement } from '../../packages/secagg/src/crypto/provider.ts';
import { signMessage } from '../../packages/secagg/src/identity.ts';
import { concat } from '../../packages/secagg/src/internal/bytes.ts';
import { type KeyContext, extractKey, wordOf } from '../../packages/secagg/src/key-derivation.ts';
import { decodeAdvertise, encodeAdvertise } from '../../packages/secagg/src/messages/advertise.ts';
import { encodeCohort, encodeCohortBody } from '../../packages/secagg/src/messages/cohort.ts';
import { decodeMessage } from '../../packages/secagg/src/messages/header.ts';
import { type Member, channelParty } from '../../packages/secagg/src/messages/member.ts';
import { encodeShares } from '../../packages/secagg/src/messages/shares.ts';
import { encodeSurvivors, encodeSurvivorsBody } from '../../packages/secagg/src/messages/survivors.ts';
import { encodeWords } from '../../packages/secagg/src/messages/words.ts';
import { sealShare } from '../../packages/secagg/src/share-encryption.ts';
import { SHARE_BYTES } from '../../packages/secagg/src/shamir.ts';
import { cohortTranscript, survivorsHash } from '../../packages/secagg/src/transcript.ts';
import { median, table, writeResults } from '../shared/measure.ts';
import { yardstick } from '../shared/yardstick.ts';

const [clients = 1000, entries = 100_000, runs = 5] = process.argv.slice(2).map(Number);
const provider = nodeProvider() ?? plainProvider;
const rng = secureRng();
const config: RoundConfig = roundConfig({
  clients,
  vectors: { update: { length: entries, bound: 32_767 } },
  threshold: Math.floor((2 * clients) / 3) + 1,
  corruptFraction: 0.3,
  dropoutFraction: 0.3,
  minimumClients: Math.floor((2 * clients) / 3) + 1,
  mode: 'malicious',
});
const digest = roundConfigDigest(config);
const keys = new Map<ClientId, Uint8Array>();
const identityOf = (id: ClientId) => {
  const identity = { secretKey: rng.fill(new Uint8Array(32)) };
  keys.set(id, publicKeyOf(identity));
  return identity;
};

const machine = yardstick();
// The others: real keys, real signatures, and real shares for the measured client, which has the last place.
const peers: { identity: Identity; channel: Agreement; member: Member }[] = [];
for (let index = 0; index < clients - 1; index++) {
  const identity = identityOf(`client-${index}`);
  const channel = await provider.agreement(rng.fill(new Uint8Array(32)));
  const { publicKey: maskKey } = await provider.agreement(rng.fill(new Uint8Array(32)));
  const bare: Member = {
    index,
    id: new TextEncoder().encode(`client-${index}`),
    channelKey: channel.publicKey,
    maskKey,
  };
  const signed = signMessage(provider, config, digest, identity, encodeAdvertise(config, digest, bare));
  peers.push({ identity, channel, member: { ...bare, signature: signed.slice(-64) } });
}
const own = identityOf('measured');

type Step = 'start' | 'cohort' | 'shares' | 'survivors' | 'words';
async function run(): Promise<{ cpu: Record<Step | 'total', number>; up: number; down: number }> {
  const client = new SecAggClient({
    id: 'measured',
    config,
    policy: acceptingPolicy(config),
    persist: async () => undefined,
    singleInstance: true,
    sealingKey: new Uint8Array(32).fill(7),
    identity: own,
    directory: (id) => keys.get(id),
  });
  const cpu = { start: 0, cohort: 0, shares: 0, survivors: 0, words: 0, total: 0 };
  let [up, down] = [0, 0];
  const step = async (name: Step, message: Uint8Array | undefined): Promise<Uint8Array> => {
    const before = process.cpuUsage();
    const answer = (await (message === undefined ? client.start() : client.receive(message))) as Uint8Array;
    const { user, system } = process.cpuUsage(before);
    cpu[name] = (user + system) / 1000;
    cpu.total += cpu[name];
    up += answer.length;
    down += message?.length ?? 0;
    return answer;
  };
  const advertised = decodeMessage(config, await step('start', undefined));
  const me = decodeAdvertise(config, digest, advertised.body, clients - 1, advertised.signed?.signature);
  const body = encodeCohortBody(config, [...peers.map(({ member }) => member), me]);
  await step('cohort', encodeCohort(config, body));

  const transcript = cohortTranscript(digest, body);
  const context: KeyContext = { session: config.session, round: config.round, transcript };
  const share = new Uint8Array(SHARE_BYTES).fill(1);
  const pairs: Uint8Array[] = [];
  for (const { member, channel } of peers) {
    const key = extractKey(provider, context, await channel.agree(me.channelKey));
    const parties = [channelParty(member), channelParty(me)] as const;
    pairs.push(
      concat(
        sealShare(provider, context, key, ...parties, 'maskKey', share),
        sealShare(provider, context, key, ...parties, 'selfMask', share),
      ),
    );
  }
  client.setInput({ update: new Int32Array(entries).fill(32_767) });
  await step('shares', encodeShares(config, me.index, pairs));

  // A tenth dropped before their input.
  const dropped = Math.floor(clients / 10);
  const survivors = encodeSurvivorsBody(Array.from({ length: clients }, (_, i) => i >= dropped));
  await step('survivors', encodeSurvivors(config, survivors));
  const hash = survivorsHash(transcript, survivors);
  const words: (Uint8Array | undefined)[] = [];
  for (const [place, { member, channel }] of peers.entries()) {
    const key = extractKey(provider, context, await channel.agree(me.channelKey));
    const word = wordOf(provider, context, key, channelParty(member), channelParty(me), hash);
    words.push(place < dropped ? undefined : word);
  }
  await step('words', encodeWords(config, me.index, { hash, words, seeds: new Uint8Array(0) }));
  return { cpu, up, down };
}

const all: Awaited<ReturnType<typeof run>>[] = [];
for (let i = -2; i < runs; i++) {
  const result = await run();
  if (i >= 0) all.push(result);
}
const steps = ['start', 'cohort', 'shares', 'survivors', 'words', 'total'] as const;
const cpu = Object.fromEntries(steps.map((step) => [step, median(all.map((one) => one.cpu[step]))]));
console.log(
  `One client of ${clients} in mode malicious, t = ${config.threshold}, ${entries} entries of ${config.vectors[0].bits} bits, median of ${runs}:\n`,
);
console.log(
  table(
    ['step', 'CPU ms'],
    steps.map((step) => [step, cpu[step].toFixed(1)]),
  ),
);
console.log(`\nup ${all[0].up} bytes, down ${all[0].down}; goal at 1,000 clients and 100,000 entries: ≤ 650 ms`);
const measured = machine();
if (clients === 1000 && entries === 100_000) {
  const { up: bytesUp, down: bytesDown } = all[0];
  const { threshold } = config;
  writeResults('secagg-malicious-client', { clients, entries, threshold, cpu, bytesUp, bytesDown }, measured);
}
