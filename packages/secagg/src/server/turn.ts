/**
 * Who may send what now: the sender's place, the stage's message, the signature.
 *
 * @module
 */
import { type ClientId, FedkitError } from '@fedkit/core';
import type { CryptoProvider } from '../crypto/provider.ts';
import { type Directory, admittedKey } from '../directory.ts';
import { verifyMessage } from '../identity.ts';
import { MESSAGE, type Message, NO_INDEX } from '../messages/header.ts';
import type { ServerRound, ServerStage } from './round.ts';

/** Message type that each stage takes. */
export const EXPECTED: Partial<Record<ServerStage, number>> = {
  advertise: MESSAGE.advertise,
  reveal: MESSAGE.reveal,
  share: MESSAGE.shareKeys,
  input: MESSAGE.maskedInput,
  consistency: MESSAGE.acknowledgement,
  unmask: MESSAGE.unmaskResponse,
};

/** Who is in a stage, by place. */
export function participants(round: ServerRound, stage: ServerStage): readonly unknown[] {
  const { complete, members, parts, dealt, masked, releasing } = round;
  switch (stage) {
    case 'reveal':
      return members;
    case 'share':
      return complete ? members : parts;
    case 'input':
      return dealt;
    case 'consistency':
      return masked;
    case 'unmask':
      return releasing;
    default:
      return [];
  }
}

/** An abort comes from a client that has advertised; before it has heard of its place, without one. */
export function checkMember(round: ServerRound, clientId: ClientId, { index }: Message): void {
  const place = round.places.get(clientId);
  if (place === undefined) refuseState(clientId, 'a client of this round', 'another');
  if (index !== NO_INDEX) checkPlace(clientId, place, index);
}

export function checkPlace(clientId: ClientId, place: number, index: number): void {
  if (index === place) return;
  throw new FedkitError(
    'AUTHENTICATION_FAILED',
    'SecAggServer.receive: expected the place of this client, got another',
    { details: { client: clientId, place } },
  );
}

/** @param answered - Whether it has sent another message of this type. */
export function checkTurn(
  round: ServerRound,
  stage: ServerStage,
  clientId: ClientId,
  { type, index }: Message,
  answered: boolean,
): void {
  if (answered) refuseState(clientId, 'the message this client already sent', 'another');
  if (type !== EXPECTED[stage]) refuseState(clientId, `a message of stage ${stage}`, `type ${type}: late or early`);
  if (stage === 'advertise') return;
  const place = round.places.get(clientId);
  const part = place === undefined ? undefined : participants(round, stage)[place];
  if (place === undefined || part === undefined || part === false) {
    refuseState(clientId, 'a client of this stage', 'another');
  }
  checkPlace(clientId, place, index);
}

/** A signature exactly where the round has identities, by the sender's key, which is of prime order. */
export function checkSignature(
  round: ServerRound,
  provider: CryptoProvider,
  directory: Directory | undefined,
  clientId: ClientId,
  message: Message,
): void {
  const { config, configDigest } = round;
  if (config.identities !== (message.signed !== undefined)) {
    throw new FedkitError(
      'AUTHENTICATION_FAILED',
      'SecAggServer.receive: expected a signature exactly where the round has identities, got the opposite',
    );
  }
  if (!config.identities) return;
  if (message.type === MESSAGE.advertise) admittedKey(provider, directory as Directory, clientId);
  verifyMessage(provider, configDigest, directory as Directory, clientId, message);
}

/** For the caller, who knows the client by what its transport authenticated. */
export function refuseState(clientId: ClientId, expected: string, got: string): never {
  throw new FedkitError('PROTOCOL_STATE', `SecAggServer.receive: expected ${expected}, got ${got}`, {
    details: { client: clientId },
  });
}
