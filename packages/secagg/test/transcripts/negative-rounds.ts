// The rounds that negative vectors belong to, written down so that nothing but the file is needed to reach any stage of them.
import { encodeRoundConfig, plainProvider, publicKeyOf, roundConfigDigest } from '../../src/index.ts';
import { type ClientState, decodeClientState } from '../../src/client/state.ts';
import { openState } from '../../src/persist/seal.ts';
import { Round, SEALING_KEY, type Saves } from '../harness.ts';
import type { ClientVector, NegativeRoundVector, NegativeVector } from './format.ts';
import { negativeIdentities, negativeRound, reach, signedNegativeRound } from './negative.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Which of the rounds a vector belongs to. */
export function roundOf({ mode, stage }: Pick<NegativeVector, 'mode' | 'stage'>): number {
  if (mode === undefined) return 0;
  return stage === 'openings' ? 2 : 1;
}

/** All of them, in the order of {@link roundOf}. */
export async function negativeRounds(): Promise<NegativeRoundVector[]> {
  const opened = await reach(signedNegativeRound(), 'openings');
  await opened.deliver();
  return [
    written('semi-honest', await negativeRound().until('finished')),
    written('malicious', await signedNegativeRound().until('finished')),
    written('malicious; c0 changed the first limb of its second share and signed that, and opens it', opened),
  ];
}

function written(name: string, round: Round): NegativeRoundVector {
  const { config, ids, log } = round;
  return {
    name,
    config: hex(encodeRoundConfig(config)),
    configDigest: hex(roundConfigDigest(config)),
    clients: ids.map((id) => secretsOf(round, id)),
    messages: log.map(({ bytes, ...message }) => ({ ...message, bytes: hex(bytes) })),
  };
}

/** What a client drew, from the states it saved: every secret is in one of them. */
function secretsOf(round: Round, id: string): ClientVector {
  const digest = roundConfigDigest(round.config);
  const states = (round.saves.get(id) as Saves).all.map((sealed) =>
    decodeClientState(round.config, openState(plainProvider, SEALING_KEY, 'client', digest, sealed)),
  );
  const drawn = (of: (state: ClientState) => Uint8Array): string =>
    hex(states.map(of).find(({ length }) => length > 0) ?? new Uint8Array(0));
  const { secretKey } = negativeIdentities[id];
  return {
    id,
    channelSecret: drawn(({ channelSecret }) => channelSecret),
    maskSecret: drawn(({ maskSecret }) => maskSecret),
    selfMaskSeed: drawn(({ selfMaskSeed }) => selfMaskSeed),
    ...(round.config.identities && {
      identity: { secretKey: hex(secretKey), publicKey: hex(publicKeyOf({ secretKey })) },
    }),
    weight: 1,
    input: { update: [...Round.input(id).update] },
  };
}
