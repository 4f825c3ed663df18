/**
 * Masking: input + PRG(b_u) + Σ_{v<u} PRG(s_uv) − Σ_{v>u} PRG(s_uv), over the peers that dealt shares.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { maskedVectors } from '../config/round-config.ts';
import { agreementOf } from '../crypto/agreement-of.ts';
import { type KeyContext, extractKey } from '../key-derivation.ts';
import { type MaskLayout, type Pair, addMasks, addPairMasks, selfMask } from '../mask.ts';
import type { Message } from '../messages/header.ts';
import { type DealtSeed, encodeMaskedInput } from '../messages/masked-input.ts';
import { maskParty } from '../messages/member.ts';
import { decodeShares } from '../messages/shares.ts';
import { SECRET_BYTES, dealShares } from '../shamir.ts';
import { VectorSum } from '../sum/vector-sum.ts';
import { selfMaskCommitment } from '../transcript.ts';
import { type ClientInput, addInput } from './input.ts';
import { type ClientRound, type Step, keyContext, refuseMessage, requireCount } from './round.ts';
import { sealAll } from './share-keys.ts';
import type { ClientState } from './state.ts';

/** Takes the peers' shares, adds all masks to the input, and packs it. */
export async function maskInput(round: ClientRound, state: ClientState, { index, body }: Message): Promise<Step> {
  const { config, input } = round;
  const { self, peers } = state;
  if (input === undefined) {
    throw new FedkitError('PROTOCOL_STATE', 'SecAggClient.receive: expected setInput before the shares, got none');
  }
  if (index !== self.index) refuseMessage(`place ${self.index}`, `${index}`);
  const inbox = decodeShares(config, body, peers.length);
  const dealers = inbox.filter((dealt) => dealt !== undefined).length;
  if (config.graph === 'complete') {
    requireCount('dealers', Math.max(config.threshold, config.minimumClients), dealers + 1);
  } else requireCount('neighbours that dealt', config.threshold, dealers);

  const context: KeyContext = keyContext(config, state.transcript);
  const layout: MaskLayout = { suite: config.suite, vectors: maskedVectors(config), context };
  const sum = new VectorSum(layout.vectors);
  try {
    return await maskInto(sum, round, state, layout, input, inbox);
  } finally {
    sum.release();
  }
}

async function maskInto(
  sum: VectorSum,
  round: ClientRound,
  state: ClientState,
  layout: MaskLayout,
  input: ClientInput,
  inbox: readonly (Uint8Array | undefined)[],
): Promise<Step> {
  const { config, provider } = round;
  const { self, peers } = state;
  const { context } = layout;
  addInput(config, input, sum);
  const agreement = await agreementOf(provider, state.maskSecret);
  const me = maskParty(self);
  const pairs = peers.filter((_, i) => inbox[i] !== undefined).map((peer): Pair => [me, maskParty(peer)]);
  await addPairMasks(provider, layout, sum, agreement, pairs, 'peer', 1);
  const onRing = config.graph === 'harary' ? dealSeed(round, state, inbox) : undefined;
  const seed = onRing?.seed ?? state.selfMaskSeed;
  await addMasks(provider, layout, sum, [selfMask(extractKey(provider, context, seed), me, 1)]);
  onRing?.seed.fill(0);
  return {
    state: { ...state, stage: 'masked', inbox, maskSecret: new Uint8Array(0), selfMaskSeed: new Uint8Array(0) },
    answer: encodeMaskedInput(config, self.index, (i, into) => sum.pack(i, into), onRing?.dealt),
  };
}

/** Draws the seed and deals it to exactly the peers masked with: who does not hold a share of it is in none of its masks. */
function dealSeed(
  round: ClientRound,
  state: ClientState,
  inbox: readonly (Uint8Array | undefined)[],
): { seed: Uint8Array; dealt: DealtSeed } {
  const { config, rng } = round;
  const { self, peers, transcript } = state;
  const seed = rng.fill(new Uint8Array(SECRET_BYTES));
  const holders = peers.filter((_, i) => inbox[i] !== undefined);
  const abscissas = Uint32Array.from(holders, ({ index }) => index + 1);
  const [shares] = dealShares([seed], config.threshold, abscissas, rng);
  const sealed = sealAll(round, state, holders, 'selfMask', shares);
  shares.fill(0);
  return { seed, dealt: { commitment: selfMaskCommitment(transcript, self.index, seed), sealed } };
}
