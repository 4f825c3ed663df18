import { createHash, createPublicKey, verify } from 'node:crypto';
import { p384 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import { refusedMutations } from '../../test/mutations.ts';
import { fromBase64 } from './base64.ts';
import { derSignature, pemOf, rawSignature, spkiOfPem } from './der.ts';
import { curveKeys, verifierOf } from './node-key.ts';

const sha256 = (message: Uint8Array) => Uint8Array.from(createHash('sha256').update(message).digest());
const message = new TextEncoder().encode('2026-11-29T08:00:00.000Z');

describe('keys of a curve', () => {
  it('sign what node:crypto verifies, also restored', async () => {
    const keys = curveKeys(p384, sha256);
    const key = await keys.generate();
    const restored = await keys.restore(key.secret, key.publicKey);
    expect(restored.publicKey).toEqual(key.publicKey);
    const pem = Buffer.from(pemOf(key.publicKey)).toString();
    expect(createPublicKey(pem).export({ type: 'spki', format: 'pem' })).toBe(pem);
    for (const signer of [key, restored]) {
      const signature = derSignature(await signer.sign(message));
      expect(verify('sha256', message, pem, signature)).toBe(true);
      expect(await (await verifierOf(key.publicKey))(message, rawSignature(signature))).toBe(true);
    }
  });

  it('answer 20,000 mutations of signatures and PEMs with an error by name, or what they are', async () => {
    const key = await curveKeys(p384, sha256).generate();
    const signatures = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => derSignature(await key.sign(Uint8Array.of(i)))),
    );
    expect(refusedMutations(signatures, 20_000, rawSignature)).toBeGreaterThan(2000);
    expect(refusedMutations([pemOf(key.publicKey)], 20_000, spkiOfPem)).toBeGreaterThan(2000);
    expect(() => fromBase64('*')).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });
});
