/**
 * What signed words prove. No release rests on signatures: they are evidence, for whoever looks into a round afterwards.
 *
 * @module
 */
import type { ClientId } from '@fedkit/core';
import { checkBytes, refuse } from '@fedkit/core/internal';
import { roundConfigDigest } from '../config/encode-config.ts';
import { type RoundConfig, checkRoundConfig } from '../config/round-config.ts';
import { defaultProvider } from '../crypto/default-provider.ts';
import type { CryptoProvider } from '../crypto/provider.ts';
import type { Directory } from '../directory.ts';
import { verifyMessage } from '../identity.ts';
import { equal } from '../internal/bytes.ts';
import { decodeAcknowledgement } from '../messages/acknowledgement.ts';
import { MESSAGE, decodeMessage } from '../messages/header.ts';

/** Two acknowledgements of one round, as they were signed. */
export interface Evidence {
  /** Who signed each; the same client twice where it gave its word on two sets of survivors. */
  readonly clients: readonly [ClientId, ClientId];
  /** Whole messages, signatures included. */
  readonly messages: readonly [Uint8Array, Uint8Array];
}

/**
 * Who did not follow the protocol, by two signed acknowledgements alone: nothing of the server's is believed.
 *
 * @returns `client` for one client that signed two different ones, which an honest one never does; `server or client` for two
 * clients that signed different survivors: the server told them different things, or one of them signed what it was not told;
 * `none` where both say the same.
 * @throws FedkitError `INVALID_ARGUMENT` for a round without identities, `DECODE_FAILED` for other messages,
 * `AUTHENTICATION_FAILED` for one that its client did not sign for this round.
 */
export function verifyEvidence(
  config: RoundConfig,
  directory: Directory,
  { clients, messages }: Evidence,
  provider: CryptoProvider = defaultProvider(),
): 'client' | 'server or client' | 'none' {
  const checked = checkRoundConfig(config);
  if (!checked.identities) refuse('INVALID_ARGUMENT', 'verifyEvidence: config', 'a round with identities', 'another');
  const digest = roundConfigDigest(checked);
  const [first, second] = messages.map((bytes, i) => {
    const message = decodeMessage(checked, checkBytes('verifyEvidence: message', bytes));
    if (message.type !== MESSAGE.acknowledgement) {
      refuse('DECODE_FAILED', 'verifyEvidence: message', 'an acknowledgement', `type ${message.type}`);
    }
    verifyMessage(provider, digest, directory, clients[i], message);
    return message.body;
  });
  if (clients[0] === clients[1]) return equal(first, second) ? 'none' : 'client';
  const [one, other] = [first, second].map((body) => decodeAcknowledgement(body).hash);
  return equal(one, other) ? 'none' : 'server or client';
}
