/**
 * Masking: input + PRG(b_u) + Σ_{v<u} PRG(s_uv) − Σ_{v>u} PRG(s_uv), over the peers that dealt shares.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { maskedVectors } from '../config/round-config.ts';
import { agreementOf } from '../crypto/agreement-of.ts';
import { type KeyContext, extractKey } from '../key-derivation.ts';
import { type MaskLayout, addPairMask, addSelfMask } from '../mask.ts';
import type { Message } from '../messages/header.ts';
import { encodeMaskedInput } from '../messages/masked-input.ts';
import { maskParty } from '../messages/member.ts';
import { decodeShares } from '../messages/shares.ts';
import { VectorSum } from '../sum/vector-sum.ts';
import { type ClientInput, addInput } from './input.ts';
import { type ClientRound, type Step, keyContext, refuseMessage, requireCount } from './round.ts';
import type { ClientState } from './state.ts';

/** Takes the peers' shares, adds all masks to the input, and packs it. */
export async function maskInput(round: ClientRound, state: ClientState, { index, body }: Message): Promise<Step> {
  const { config, input } = round;
  const { self, peers } = state;
  if (input === undefined) {
    throw new FedkitError('PROTOCOL_STATE', 'SecAggClient.receive: expected setInput before the shares, got none');
  }
  if (index !== self.index) refuseMessage(`place ${self.index}`, `${index}`);
  const pairs = decodeShares(body, peers.length);
  const dealers = pairs.filter((pair) => pair !== undefined).length;
  if (config.graph === 'complete') {
    requireCount('dealers', Math.max(config.threshold, config.minimumClients), dealers + 1);
  } else requireCount('neighbours that dealt', config.threshold, dealers);

  const context: KeyContext = keyContext(config, state.transcript);
  const layout: MaskLayout = { suite: config.suite, vectors: maskedVectors(config), context };
  const sum = new VectorSum(layout.vectors);
  try {
    return await maskInto(sum, round, state, layout, input, pairs);
  } finally {
    sum.release();
  }
}

async function maskInto(
  sum: VectorSum,
  { config, provider }: ClientRound,
  state: ClientState,
  layout: MaskLayout,
  input: ClientInput,
  pairs: readonly (Uint8Array | undefined)[],
): Promise<Step> {
  const { self, peers } = state;
  const { context } = layout;
  addInput(config, input, sum);
  const agreement = await agreementOf(provider, state.maskSecret);
  const me = maskParty(self);
  for (let i = 0; i < peers.length; i++) {
    if (pairs[i] === undefined) continue;
    const shared = agreement.agree(peers[i].maskKey);
    const secret = shared instanceof Uint8Array ? shared : await shared;
    const extracted = extractKey(provider, context, secret);
    await addPairMask(provider, layout, sum, extracted, me, maskParty(peers[i]), 1);
    secret.fill(0);
    extracted.fill(0);
  }
  const extracted = extractKey(provider, context, state.selfMaskSeed);
  await addSelfMask(provider, layout, sum, extracted, me, 1);
  extracted.fill(0);
  return {
    state: { ...state, stage: 'masked', pairs, maskSecret: new Uint8Array(0), selfMaskSeed: new Uint8Array(0) },
    answer: encodeMaskedInput(config, self.index, (i, into) => sum.pack(i, into)),
  };
}
