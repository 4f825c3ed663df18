// The server of a complete graph, with clients reduced to what it sees of them: real keys, real Shamir shares,
// self-masked inputs. Encrypted shares, which it only carries, are random bytes, and masks between pairs, which cost it
// nothing until one of the two drops, are left out of the inputs: with dropouts the sum is not meaningful here.
import { randomBytes } from 'node:crypto';
import { secureRng } from '@fedkit/core';
import { nodeProvider, plainProvider, type RoundConfig, roundConfigDigest, SecAggServer } from '@fedkit/secagg';
import { dealShares, SHARE_BYTES } from '@fedkit/secagg/shamir';
import { digestOf } from '../../packages/secagg/src/internal/hash.ts';
import { extractKey } from '../../packages/secagg/src/key-derivation.ts';
import { addMasks, selfMask } from '../../packages/secagg/src/mask.ts';
import { encodeAdvertise } from '../../packages/secagg/src/messages/advertise.ts';
import { HEADER_BYTES } from '../../packages/secagg/src/messages/header.ts';
import { encodeMaskedInput } from '../../packages/secagg/src/messages/masked-input.ts';
import { type Member, maskParty } from '../../packages/secagg/src/messages/member.ts';
import { encodeShareKeys } from '../../packages/secagg/src/messages/share-keys.ts';
import { encodeUnmaskResponse } from '../../packages/secagg/src/messages/unmask-response.ts';
import { VectorSum } from '../../packages/secagg/src/sum/vector-sum.ts';
import { cohortTranscript, selfMaskCommitment } from '../../packages/secagg/src/transcript.ts';
import { makeInputs } from './crew.ts';

const provider = nodeProvider() ?? plainProvider;
const rng = secureRng();

/** What one round costs the server: CPU seconds by stage and in all. */
export interface ServerRun {
  readonly cpu: Readonly<Record<string, number>>;
  readonly total: number;
}

/** A cohort whose keys and shares serve several rounds of one configuration. */
export async function makeCohort(config: RoundConfig): Promise<(dropped: ReadonlySet<number>) => Promise<ServerRun>> {
  const { clients, threshold } = config;
  const digest = roundConfigDigest(config);

  const secrets: Uint8Array[] = [];
  const members: Member[] = [];
  for (let index = 0; index < clients; index++) {
    const secret = rng.fill(new Uint8Array(32));
    secrets.push(secret);
    const { publicKey: channelKey } = await provider.agreement(rng.fill(new Uint8Array(32)));
    const { publicKey: maskKey } = await provider.agreement(secret);
    members.push({ index, id: new TextEncoder().encode(`c${index}`), channelKey, maskKey });
  }
  const seeds = secrets.map(() => rng.fill(new Uint8Array(32)));
  const abscissas = Uint32Array.from(members, ({ index }) => index + 1);
  const dealt = secrets.map((secret, i) => dealShares([secret, seeds[i]], threshold, abscissas, rng));

  return async (dropped) => {
    const server = new SecAggServer({ config });
    const cpu: Record<string, number> = {};
    const timed = async <T>(work: () => Promise<T>): Promise<T> => {
      const { stage } = server;
      const start = process.cpuUsage();
      const result = await work();
      const { user, system } = process.cpuUsage(start);
      cpu[stage] = (cpu[stage] ?? 0) + (user + system) / 1e6;
      return result;
    };
    const receive = (messages: readonly (readonly [index: number, message: Uint8Array])[]) =>
      timed(async () => {
        for (const [index, message] of messages) await server.receive(`c${index}`, message);
      });
    const survivors = members.filter(({ index }) => !dropped.has(index));
    await receive(members.map((member) => [member.index, encodeAdvertise(config, digest, member)]));
    const cohort = await timed(async () => (await server.advance()).get('c0') as Uint8Array);
    const transcript = cohortTranscript(digest, cohort.subarray(HEADER_BYTES));
    const context = { session: config.session, round: config.round, transcript };
    const sealed = new Uint8Array(randomBytes((clients - 1) * 104));
    const pairs = Array.from({ length: clients - 1 }, (_, i) => sealed.subarray(104 * i, 104 * (i + 1)));
    await receive(
      members.map(({ index }) => {
        const commitment = selfMaskCommitment(transcript, index, seeds[index]);
        return [index, encodeShareKeys(config, index, commitment, pairs)];
      }),
    );
    // Reading every message is part of the server's work.
    await timed(async () => {
      for (const [, message] of await server.advance()) void message;
    });
    const layout = { suite: config.suite, vectors: config.vectors, context };
    const sum = new VectorSum(config.vectors);
    const kinds = makeInputs(config);
    const inputs: [number, Uint8Array][] = [];
    for (const member of survivors) {
      sum.addValues(0, kinds[member.index % kinds.length].update, 1);
      const mask = selfMask(extractKey(provider, context, seeds[member.index]), maskParty(member), 1);
      await addMasks(provider, layout, sum, [mask]);
      inputs.push([member.index, encodeMaskedInput(config, member.index, (i, into) => sum.pack(i, into))]);
      sum.release();
    }
    await receive(inputs);
    const request = digestOf(
      (await timed(async () => (await server.advance()).values().next().value as Uint8Array)).subarray(HEADER_BYTES),
    );
    await receive(
      survivors.map(({ index }) => {
        const shares = dealt.map((kinds, dealer) =>
          kinds[dropped.has(dealer) ? 0 : 1].subarray(index * SHARE_BYTES, (index + 1) * SHARE_BYTES),
        );
        return [index, encodeUnmaskResponse(config, index, { request, shares })];
      }),
    );
    (globalThis as { gc?: () => void }).gc?.();
    await timed(() => server.advance());
    if (dropped.size === 0) {
      const wanted = members.reduce((sum, { index }) => sum + ((index % 7) - 3 || 32_767), 0);
      if (server.result().sums.update.some((value) => value !== wanted)) throw new Error('the sum is wrong');
    }
    const total = Object.values(cpu).reduce((sum, time) => sum + time, 0);
    return { cpu, total };
  };
}
