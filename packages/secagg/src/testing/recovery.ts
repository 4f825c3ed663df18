/**
 * What a cheating server does with what it has collected: asks for shares under the survivors it likes, and tries to open
 * one client's input with them. Complete graphs.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import { type RoundConfig, hasConsistencyRound } from '../config/round-config.ts';
import { roundConfigDigest } from '../config/encode-config.ts';
import { plainProvider } from '../crypto/plain.ts';
import { type MaskTask, runMaskTask } from '../executor/mask-task.ts';
import { concat } from '../internal/bytes.ts';
import { decodeCohort } from '../messages/cohort.ts';
import { WORD_BYTES } from '../key-derivation.ts';
import { decodeAcknowledgement } from '../messages/acknowledgement.ts';
import { NO_INDEX, decodeMessage } from '../messages/header.ts';
import { decodeMaskedInput } from '../messages/masked-input.ts';
import { maskParty } from '../messages/member.ts';
import { encodeSurvivors, encodeSurvivorsBody } from '../messages/survivors.ts';
import { encodeUnmaskRequest } from '../messages/unmask-request.ts';
import { decodeUnmaskResponse } from '../messages/unmask-response.ts';
import { encodeWords } from '../messages/words.ts';
import { SECRET_BYTES, combineWords, interpolationWeights } from '../shamir.ts';
import { VectorSum } from '../sum/vector-sum.ts';
import { cohortTranscript, survivorsHash } from '../transcript.ts';
import type { Rehearsal } from './rehearsal.ts';

/** A client's shares, released for the survivors it was told. */
export interface Release {
  readonly holder: number;
  readonly survived: readonly boolean[];
  /** Body of the response. */
  readonly body: Uint8Array;
}

/** Survivors as one client is told them, by place. */
export type View = (id: ClientId) => readonly boolean[];

/**
 * Demands shares of every client under its own view of the survivors. Where survivors are acknowledged it passes on every word
 * that came, those of clients that were told the same and of others, and forges the missing ones.
 *
 * @param cohortMessage - What the clients accepted as the cohort.
 */
export async function demandShares(rehearsal: Rehearsal, cohortMessage: Uint8Array, view: View): Promise<Release[]> {
  const { config, ids } = rehearsal;
  const { transcript } = readCohort(config, cohortMessage);
  const messages = new Map<ClientId, Uint8Array>();
  const seeds = new Uint8Array(0);
  if (hasConsistencyRound(config)) {
    // By sender: its words by the place they are for.
    const given = ids.map(() => new Map<number, Uint8Array>());
    for (const [from, id] of ids.entries()) {
      const answer = await rehearsal.offer(id, encodeSurvivors(config, encodeSurvivorsBody(view(id))));
      if (answer === undefined) continue;
      const named = [...view(id).keys()].filter((place) => place !== from && view(id)[place]);
      const { words } = decodeAcknowledgement(decodeMessage(config, answer).body);
      named.forEach((to, i) => given[from].set(to, words.slice(i * WORD_BYTES, (i + 1) * WORD_BYTES)));
    }
    const forged = new Uint8Array(WORD_BYTES).fill(1);
    for (const [to, id] of ids.entries()) {
      const peers = [...ids.keys()].filter((place) => place !== to);
      const words = peers.map((from) => given[from].get(to) ?? forged);
      const hash = survivorsHash(transcript, encodeSurvivorsBody(view(id)));
      messages.set(id, encodeWords(config, to, { hash, words, seeds }));
    }
  } else {
    for (const id of ids) {
      const survived = view(id);
      const total = survived.filter(Boolean).length;
      messages.set(id, encodeUnmaskRequest(config, NO_INDEX, { total, survived }));
    }
  }
  const releases: Release[] = [];
  for (const [id, message] of messages) {
    const answer = await rehearsal.offer(id, message);
    if (answer === undefined) continue;
    const { index, body } = decodeMessage(config, answer);
    releases.push({ holder: index, survived: view(id), body });
  }
  return releases;
}

/**
 * Tries to open one client's masked input with every share that was released, of both kinds, however few.
 *
 * @param upload - The client's masked-input message.
 * @returns Whether what it finds is `input`.
 */
export async function recoverInput(
  config: RoundConfig,
  cohortMessage: Uint8Array,
  victim: number,
  upload: Uint8Array,
  releases: readonly Release[],
  input: ArrayLike<number>,
): Promise<boolean> {
  const { members, transcript } = readCohort(config, cohortMessage);
  const rebuild = (kind: 'selfMask' | 'maskKey'): Uint8Array => {
    const found = releases.flatMap(({ holder, survived, body }) => {
      const { present, words } = decodeUnmaskResponse(body, members.length);
      return survived[victim] === (kind === 'selfMask') && present[victim] ? [{ holder, words }] : [];
    });
    const weights = interpolationWeights(Uint32Array.from(found, ({ holder }) => holder + 1));
    const shares = found.map(({ words }) => words);
    const places = new Uint32Array(found.length).fill(victim);
    return combineWords(weights, shares, places) ?? new Uint8Array(SECRET_BYTES);
  };
  const context = { session: config.session, round: config.round, transcript };
  const layout = { suite: config.suite, vectors: config.vectors, context };
  const party = maskParty(members[victim]);
  const expand = async (masks: Pick<MaskTask, 'selfMasks' | 'pairMasks'>): Promise<ArrayLike<number>> => {
    const sum = new VectorSum(config.vectors);
    await runMaskTask(plainProvider, { layout, ...masks }, sum);
    return sum.centered(0);
  };
  const survivors = members.filter(({ index }) => index !== victim).map(maskParty);
  // Tasks take masks out of the others' inputs: the victim's own input holds the common ones with the other sign.
  const common = await expand({ selfMasks: [], pairMasks: [{ party, secretKey: rebuild('maskKey'), survivors }] });
  const own = await expand({ selfMasks: [{ party, seed: rebuild('selfMask') }], pairMasks: [] });
  const uploaded = new VectorSum(config.vectors);
  uploaded.addPacked(0, decodeMaskedInput(config, decodeMessage(config, upload).body, members.length - 1).packed[0]);
  const modulus = 2 ** config.vectors[0].bits;
  return Array.from(uploaded.centered(0)).every((value, i) => (value - common[i] + own[i] - input[i]) % modulus === 0);
}

function readCohort(
  config: RoundConfig,
  message: Uint8Array,
): { members: ReturnType<typeof decodeCohort>; transcript: Uint8Array } {
  const body = concat(decodeMessage(config, message).body);
  return { members: decodeCohort(config, body), transcript: cohortTranscript(roundConfigDigest(config), body) };
}
