// Keys and signatures are the engine's own, which no seed reaches. Odds: 0, nothing asserted depends on which they are.

import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { derSignature, openSshOf, pemOf, pointOf, rawSignature, spkiOf, spkiOfOpenSsh, spkiOfPem } from './der.ts';
import { toBase64 } from './base64.ts';
import { verifierOf, webCryptoKeys } from './node-key.ts';
import { sha256Bytes } from '@fedkit/core/internal';
import { createHash } from 'node:crypto';

const sha256 = (message: Uint8Array) => Uint8Array.from(createHash('sha256').update(message).digest());
const message = new TextEncoder().encode('2026-11-29T08:00:00.000Z');

describe('keys of the engine', () => {
  it('sign what node:crypto verifies, also restored', async () => {
    const keys = webCryptoKeys();
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

  it('verifies what node:crypto signs, and nothing else', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }));
    const verifies = await verifierOf(spki);
    // Enough of them to meet short and padded integers: each comes with odds of 1/256 and 1/2.
    for (let i = 0; i < 300; i++) {
      const der = Uint8Array.from(sign('sha256', message, privateKey));
      const raw = rawSignature(der);
      expect(derSignature(raw)).toEqual(der);
      if (i > 5) continue;
      expect(await verifies(message, raw)).toBe(true);
      expect(
        await verifies(
          message.map((byte) => byte ^ 1),
          raw,
        ),
      ).toBe(false);
    }
  });

  it('reads keys as OpenSSL and OpenSSH write them', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }));
    expect(spkiOfPem(Uint8Array.from(Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))))).toEqual(spki);
    expect(spkiOf(pointOf(spki))).toEqual(spki);
    const field = (bytes: Uint8Array) => [0, 0, 0, bytes.length, ...bytes];
    const text = (word: string) => new TextEncoder().encode(word);
    const blob = [...field(text('ecdsa-sha2-nistp384')), ...field(text('nistp384')), ...field(pointOf(spki))];
    const line = `ecdsa-sha2-nistp384 ${toBase64(Uint8Array.from(blob))}`;
    expect(spkiOfOpenSsh(`${line} node 1`)).toEqual(spki);
    expect(openSshOf(spki)).toBe(line);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' });
    expect(() => spkiOfPem(Uint8Array.from(Buffer.from(other)))).toThrow(/P-384/);
    for (const wrong of [
      '',
      'ssh-ed25519 AAAA',
      'ecdsa-sha2-nistp384',
      'ecdsa-sha2-nistp384 AAAA',
      'ecdsa-sha2-nistp384 %',
    ]) {
      expect(() => spkiOfOpenSsh(wrong)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    }
  });

  it('says so where there is no WebCrypto', async () => {
    vi.stubGlobal('crypto', {});
    expect(() => webCryptoKeys()).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_PLATFORM' }));
    await expect(verifierOf(new Uint8Array(120))).rejects.toMatchObject({ code: 'UNSUPPORTED_PLATFORM' });
    expect(await sha256Bytes(message)).toEqual(sha256(message));
    vi.unstubAllGlobals();
    await expect(verifierOf(spkiOf(new Uint8Array(97).fill(4)))).rejects.toMatchObject({
      code: 'AUTHENTICATION_FAILED',
    });
  });
});
