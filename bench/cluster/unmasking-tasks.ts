/**
 * What a server of a ring has to unmask: a task for each client that dropped, with the masks that it shares with survivors.
 *
 * @module
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { seededRng } from '@fedkit/core';
import type { MaskTask } from '@fedkit/secagg';

export interface Ring {
  /** Clients that dropped. */
  readonly dropped: number;
  /** Survivors that each of them shares a mask with. */
  readonly survivors: number;
  readonly entries: number;
}

/** PKCS #8 of an X25519 key is this and its 32 bytes. */
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');

function publicKeyOf(secretKey: Uint8Array): Uint8Array {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, secretKey]), format: 'der', type: 'pkcs8' });
  return new Uint8Array(Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x as string, 'base64url'));
}

/** The same tasks wherever they are made. */
export function tasksOf({ dropped, survivors, entries }: Ring): MaskTask[] {
  const rng = seededRng('unmasking');
  const secrets = Array.from({ length: dropped + survivors }, () => rng.fill(new Uint8Array(32)));
  const parties = secrets.map((secretKey, index) => ({
    index,
    id: new TextEncoder().encode(`c${index}`),
    publicKey: publicKeyOf(secretKey),
  }));
  const layout: MaskTask['layout'] = {
    suite: 'aes-128-ctr',
    vectors: [{ name: 'update', length: entries, bits: 32 }],
    context: { session: new Uint8Array(16).fill(1), round: 1, transcript: new Uint8Array(32).fill(2) },
  };
  return parties.slice(0, dropped).map((party, i) => ({
    layout,
    selfMasks: [],
    pairMasks: [{ party, secretKey: secrets[i], survivors: parties.slice(dropped) }],
  }));
}
