/**
 * One client's message into the state of the round: everything is checked before anything changes.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { copyOf, equal, hex } from '../internal/bytes.ts';
import { digestOf } from '../internal/hash.ts';
import { decodeAcknowledgement } from '../messages/acknowledgement.ts';
import { decodeAdvertise } from '../messages/advertise.ts';
import { WORD_BYTES } from '../key-derivation.ts';
import { HEADER_BYTES, type Message, NO_INDEX } from '../messages/header.ts';
import { decodeMaskedInput } from '../messages/masked-input.ts';
import { decodeReveal } from '../messages/reveal.ts';
import { decodeShareKeys } from '../messages/share-keys.ts';
import { decodeUnmaskResponse } from '../messages/unmask-response.ts';
import { checkPart } from '../transcript.ts';
import { unmaskRequestFor } from './advance.ts';
import type { ServerRound, ServerStage } from './round.ts';

/** @param id - UTF-8 of the sender's id. */
export function acceptMessage(round: ServerRound, stage: ServerStage, id: Uint8Array, message: Message): void {
  const { config } = round;
  if (stage === 'advertise') acceptAdvertise(round, id, message);
  else if (stage === 'reveal') acceptReveal(round, message);
  else if (stage === 'share') {
    round.deal(message.index, decodeShareKeys(config, message.body, round.peersOf(message.index).length));
  } else if (stage === 'input') acceptInput(round, message);
  else if (stage === 'consistency') acceptAcknowledgement(round, message);
  else acceptResponse(round, message);
}

function acceptAdvertise(round: ServerRound, id: Uint8Array, { index, body, signed }: Message): void {
  const { config, members, keys } = round;
  if (members.length === config.clients) {
    throw new FedkitError(
      'PROTOCOL_STATE',
      `SecAggServer.receive: expected at most ${config.clients} clients, got one more`,
    );
  }
  const signature = signed && copyOf(signed.signature);
  const member = decodeAdvertise(config, round.configDigest, body, members.length, signature);
  const own = [hex(member.channelKey), hex(member.maskKey)];
  if (index !== NO_INDEX || !equal(member.id, id)) refuse('an advertisement under its own id', 'another');
  if (own[0] === own[1] || own.some((key) => keys.has(key))) refuse('keys nobody else advertised', 'a copy');
  for (const key of own) keys.add(key);
  round.add(member);
}

function acceptReveal(round: ServerRound, { index, body }: Message): void {
  const part = copyOf(decodeReveal(body));
  const { id, commitment } = round.members[index];
  checkPart(round.configDigest, id, commitment as Uint8Array, part);
  round.parts[index] = part;
}

function acceptInput(round: ServerRound, { index, body }: Message): void {
  const { packed, seed } = decodeMaskedInput(round.config, body, round.dealersOf(index).length);
  packed.forEach((vector, i) => round.sum.addPacked(i, vector));
  if (seed !== undefined) round.dealSeed(index, seed);
  round.markMasked(index);
}

function acceptAcknowledgement(round: ServerRound, { index, body }: Message): void {
  const { hash, words } = decodeAcknowledgement(body);
  if (!equal(hash, round.survivorsHash())) {
    refuse('words on the survivors it was sent', 'on others');
  }
  const peers = round.survivingPeersOf(index).length;
  if (words.length !== peers * WORD_BYTES) refuse(`words for ${peers} peers`, `${words.length / WORD_BYTES}`);
  round.words[index] = copyOf(words);
}

function acceptResponse(round: ServerRound, { index, body }: Message): void {
  const released = decodeUnmaskResponse(body, round.dealersOf(index).length);
  if (!equal(released.request, requestDigest(round, index)))
    refuse('an answer to the request it was sent', 'one to another');
  round.released[index] = { ...released, request: copyOf(released.request) };
}

/** Hash of the request this client was sent; where everybody is sent the same, made once. */
function requestDigest(round: ServerRound, index: number): Uint8Array {
  const digests = round.requestDigests;
  return (digests[round.sameRequest ? 0 : index] ??= digestOf(unmaskRequestFor(round, index).subarray(HEADER_BYTES)));
}

function refuse(expected: string, got: string): never {
  throw new FedkitError('AUTHENTICATION_FAILED', `SecAggServer.receive: expected ${expected}, got ${got}`);
}
