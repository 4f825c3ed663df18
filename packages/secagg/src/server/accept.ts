/**
 * One client's message into the state of the round: everything is checked before anything changes.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { copyOf, equal, hex } from '../internal/bytes.ts';
import { digestOf } from '../internal/hash.ts';
import { decodeAdvertise } from '../messages/advertise.ts';
import { HEADER_BYTES, type Message, NO_INDEX } from '../messages/header.ts';
import { decodeMaskedInput } from '../messages/masked-input.ts';
import { decodeReveal } from '../messages/reveal.ts';
import { decodeShareKeys } from '../messages/share-keys.ts';
import { decodeSignedSurvivors } from '../messages/signed-survivors.ts';
import { decodeUnmaskResponse } from '../messages/unmask-response.ts';
import { checkPart, survivorsHash } from '../transcript.ts';
import { unmaskRequestFor } from './advance.ts';
import type { ServerRound, ServerStage } from './round.ts';

/** @param id - UTF-8 of the sender's id. */
export function acceptMessage(round: ServerRound, stage: ServerStage, id: Uint8Array, message: Message): void {
  if (stage === 'advertise') acceptAdvertise(round, id, message);
  else if (stage === 'reveal') acceptReveal(round, message);
  else if (stage === 'share') {
    const { commitment, sealed } = decodeShareKeys(message.body, round.peersOf(message.index).length);
    round.deal(message.index, commitment, sealed);
  } else if (stage === 'input') acceptInput(round, message);
  else if (stage === 'consistency') acceptSignature(round, message);
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
  decodeMaskedInput(round.config, body).forEach((packed, i) => round.sum.addPacked(i, packed));
  round.markMasked(index);
}

function acceptSignature(round: ServerRound, { index, body, signed }: Message): void {
  const hash = decodeSignedSurvivors(body);
  if (!equal(hash, survivorsHash(round.transcript, round.survivorsBody()))) {
    refuse('a signature of the survivors it was sent', 'one of others');
  }
  round.signed[index] = signed && copyOf(signed.signature);
}

function acceptResponse(round: ServerRound, { index, body }: Message): void {
  const released = decodeUnmaskResponse(body, round.dealersOf(index).length);
  if (!equal(released.request, requestDigest(round, index)))
    refuse('an answer to the request it was sent', 'one to another');
  round.released[index] = { ...released, request: copyOf(released.request) };
}

/** Hash of the request this client was sent; in the complete graph everybody's, made once. */
function requestDigest(round: ServerRound, index: number): Uint8Array {
  if (round.complete && round.requestDigest !== undefined) return round.requestDigest;
  const digest = digestOf(unmaskRequestFor(round, index).subarray(HEADER_BYTES));
  if (round.complete) round.requestDigest = digest;
  return digest;
}

function refuse(expected: string, got: string): never {
  throw new FedkitError('AUTHENTICATION_FAILED', `SecAggServer.receive: expected ${expected}, got ${got}`);
}
