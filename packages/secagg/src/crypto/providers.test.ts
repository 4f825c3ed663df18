import { seededRng } from '@fedkit/core';
import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import published from '../../test/vectors/primitives.json' with { type: 'json' };
import { hkdfExpand, hkdfExtract } from '../internal/hash.ts';
import { hex } from '../internal/bytes.ts';
import { nodeProvider } from './node.ts';
import { plainProvider } from './plain.ts';
import { aesCounterBlocks } from './plain-unsigned.ts';
import type { CryptoProvider } from './provider.ts';
import { checkPublicKey } from './low-order.ts';
import { unsignedProvider } from './unsigned-provider.ts';
import { webProvider } from './web.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const signing = [plainProvider, nodeProvider(), webProvider()].filter((p): p is CryptoProvider => p !== undefined);
const providers: [title: string, provider: CryptoProvider][] = [
  ...signing.map((provider): [string, CryptoProvider] => [provider.name, provider]),
  ['unsigned', unsignedProvider()],
];

async function stream(provider: CryptoProvider, suite: 'aes-128-ctr' | 'chacha20', key: Uint8Array, sizes: number[]) {
  const next = await provider.keystream(
    suite,
    key,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const parts: Uint8Array[] = [];
  for (const size of sizes) parts.push(await next(size));
  return Buffer.concat(parts);
}

it('has all three providers here', () => {
  expect(signing.map(({ name }) => name)).toEqual(['plain', 'node', 'webcrypto']);
  expect(unsignedProvider().name).toBe('webcrypto');
});

describe.each(providers)('%s', (title, provider) => {
  it('agrees as RFC 7748, section 6.1', async () => {
    const { alicePrivate, alicePublic, bobPrivate, bobPublic, shared } = published.x25519;
    const alice = await provider.agreement(bytes(alicePrivate));
    const bob = await provider.agreement(bytes(bobPrivate));
    expect(hex(alice.publicKey)).toBe(alicePublic);
    expect(hex(bob.publicKey)).toBe(bobPublic);
    expect(hex(await alice.agree(bob.publicKey))).toBe(shared);
    expect(hex(await bob.agree(alice.publicKey))).toBe(shared);
  });

  it('refuses an agreement that does not depend on the secret', async () => {
    const alice = await provider.agreement(new Uint8Array(32).fill(9));
    for (const point of published.lowOrder) {
      const refusal = expect.objectContaining({ code: 'AUTHENTICATION_FAILED' });
      await expect(async () => alice.agree(bytes(point))).rejects.toThrow(refusal);
      expect(() => checkPublicKey('key', bytes(point))).toThrow(refusal);
    }
  });

  it('streams AES-128 in counter mode as NIST SP 800-38A, F.5, does block by block', async () => {
    const { key, blocks } = published.aes128Ecb;
    // The vectors of F.5.1 start at a counter of their own: their output blocks are AES of that counter.
    for (const { input, output } of blocks) {
      const cipher = createCipheriv('aes-128-ecb', bytes(key), null).setAutoPadding(false);
      expect(cipher.update(bytes(input)).toString('hex')).toBe(output);
    }
    const expected = createCipheriv('aes-128-ecb', bytes(key), null).setAutoPadding(false);
    const counters = Buffer.alloc(16 * 300);
    for (let i = 0; i < 300; i++) counters.writeUInt32BE(i, 16 * i + 12);
    const wanted = expected.update(counters);
    expect(await stream(provider, 'aes-128-ctr', bytes(key), [64, 4096, 640])).toEqual(wanted);
  });

  it('streams alike in any pieces, whatever total was announced', async () => {
    const key = new Uint8Array(16).fill(8);
    const whole = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(2_500_000));
    const pieces = [131_072, 131_072, 64, 786_304, 1_048_640, 402_848];
    expect(pieces.reduce((sum, size) => sum + size, 0)).toBe(2_500_000);
    for (const total of [2_500_000, 64, 1_048_576]) {
      const next = await provider.keystream('aes-128-ctr', key, total);
      const parts: Uint8Array[] = [];
      for (const size of pieces) parts.push((await next(size)).slice());
      expect(Buffer.concat(parts).equals(whole)).toBe(true);
    }
  });

  it('generates keys that agree as imported ones do', async () => {
    if (provider.generate === undefined) return expect(provider.name).not.toBe('node');
    const [one, other] = [provider.generate(), provider.generate()];
    expect(one.secretKey.length).toBe(32);
    expect(hex(one.secretKey)).not.toBe(hex(other.secretKey));
    const imported = await plainProvider.agreement(one.secretKey);
    expect(hex(imported.publicKey)).toBe(hex(one.agreement.publicKey));
    expect(hex(await imported.agree(other.agreement.publicKey))).toBe(
      hex(await other.agreement.agree(one.agreement.publicKey)),
    );
  });

  it('agrees alike with a key it keeps', async () => {
    const agreement = await provider.agreement(new Uint8Array(32).fill(5));
    const peer = (await plainProvider.agreement(new Uint8Array(32).fill(6))).publicKey;
    const once = hex(await agreement.agree(peer));
    for (let time = 0; time < 2; time++) expect(hex(await agreement.agree(peer, true))).toBe(once);
    const refused = expect.objectContaining({ code: 'AUTHENTICATION_FAILED' });
    const zero = async (again: boolean) => agreement.agree(new Uint8Array(32), again);
    for (const again of [false, true]) await expect(zero(again)).rejects.toEqual(refused);
  });

  it('frees what is discarded, and nothing that shares its memory', () => {
    if (provider.discard === undefined) return expect(provider.name).not.toBe('node');
    const whole = new Uint8Array(100_000);
    const part = new Uint8Array(100_000);
    provider.discard(whole);
    provider.discard(part.subarray(1));
    expect(whole.length).toBe(0);
    expect(part.length).toBe(100_000);
  });

  it('hashes alike where it answers later', async () => {
    if (provider.sha256Later === undefined) return expect(provider.name).not.toBe('webcrypto');
    for (const length of [0, 1, 63, 64, 100_000]) {
      const message = seededRng(length)
        .fill(new Uint8Array(length + 1))
        .subarray(1);
      const digest = await provider.sha256Later(message);
      expect(hex(digest)).toBe(createHash('sha256').update(message).digest('hex'));
      expect(hex(digest)).toBe(hex(provider.sha256(message)));
    }
  });

  it('streams ChaCha20 as RFC 8439', async () => {
    const { key, first, second } = published.chacha20;
    const got = await stream(provider, 'chacha20', bytes(key), [64, 64]);
    expect(got.toString('hex')).toBe(first + second);
  });

  it('seals as RFC 8439 with a zero nonce, and opens nothing that was touched', () => {
    const rng = seededRng(3);
    const key = rng.fill(new Uint8Array(32));
    const [text, data] = [rng.fill(new Uint8Array(36)), rng.fill(new Uint8Array(41))];
    const sealed = provider.seal(key, text, data);
    expect(hex(sealed)).toBe(hex(plainProvider.seal(key, text, data)));
    expect(hex(provider.open(key, sealed, data) as Uint8Array)).toBe(hex(text));
    for (let i = 0; i < sealed.length; i++) {
      const touched = sealed.slice();
      touched[i] ^= 1 << (i & 7);
      expect(provider.open(key, touched, data)).toBeUndefined();
    }
    expect(provider.open(key, sealed, data.subarray(1))).toBeUndefined();
    expect(provider.open(key, sealed.subarray(0, 15), data)).toBeUndefined();
  });

  it('authenticates as HMAC-SHA256 of keys up to a block and messages of any length', () => {
    const rng = seededRng(4);
    for (const [key, message] of [
      [0, 0],
      [32, 32],
      [64, 145],
      [17, 1023],
      [32, 1024],
      [32, 1025],
      [64, 5000],
      [1, 3],
    ].map((sizes) => sizes.map((size) => rng.fill(new Uint8Array(size))))) {
      const wanted = createHmac('sha256', key).update(message).digest('hex');
      const got = provider.hmac(key, message);
      provider.hmac(message.subarray(0, 64), key);
      expect(hex(got)).toBe(wanted);
    }
  });

  it('signs as RFC 8032, section 7.1, or refuses to', () => {
    if (title === 'unsigned') {
      const refusal = expect.objectContaining({ code: 'PROTOCOL_STATE' });
      expect(() => provider.sign(new Uint8Array(32), new Uint8Array(1))).toThrow(refusal);
      expect(() => provider.isPrimeOrder(new Uint8Array(32))).toThrow(refusal);
      expect(() => provider.verify(new Uint8Array(32), new Uint8Array(1), new Uint8Array(64))).toThrow(refusal);
      return;
    }
    for (const { secret, publicKey, message, signature } of published.ed25519) {
      expect(hex(provider.sign(bytes(secret), bytes(message)))).toBe(signature);
      expect(provider.verify(bytes(publicKey), bytes(message), bytes(signature))).toBe(true);
      expect(provider.verify(bytes(publicKey), bytes(`${message}00`), bytes(signature))).toBe(false);
      expect(provider.verify(bytes(publicKey).subarray(1), bytes(message), bytes(signature))).toBe(false);
      expect(provider.verify(bytes(publicKey), bytes(message), bytes(signature).subarray(1))).toBe(false);
    }
  });
});

describe('the counter', () => {
  it('carries past 2^32 blocks as OpenSSL does', () => {
    const key = new Uint8Array(16).fill(5);
    for (const first of [2 ** 32 - 2, 2 ** 33, 2 ** 40 + 17]) {
      const iv = Buffer.alloc(16);
      iv.writeBigUInt64BE(BigInt(first), 8);
      const wanted = createCipheriv('aes-128-ctr', key, iv).update(Buffer.alloc(80));
      expect(Buffer.from(aesCounterBlocks(key, first, 80))).toEqual(wanted);
    }
  });
});

describe.each(providers)('HKDF, %s', (_, provider) => {
  it.each(published.hkdf)('is RFC 5869, test case $case', ({ ikm, salt, info, prk, okm }) => {
    expect(hex(hkdfExtract(provider, bytes(salt), bytes(ikm)))).toBe(prk);
    expect(hex(hkdfExpand(provider, bytes(prk), bytes(info), 32))).toBe(okm.slice(0, 64));
    // The same by HMAC from another implementation.
    const first = createHmac('sha256', bytes(prk)).update(bytes(info)).update(Uint8Array.of(1)).digest('hex');
    expect(first).toBe(okm.slice(0, 64));
  });
});

describe('checkPublicKey', () => {
  it.each([
    ['short', new Uint8Array(31).fill(9)],
    ['long', new Uint8Array(33).fill(9)],
    ['2^255 − 19', Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xed : i === 31 ? 0x7f : 0xff))],
    ['2^255 − 18', Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xee : i === 31 ? 0x7f : 0xff))],
    ['high bit', Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? 0x89 : 9))],
  ])('refuses one that is %s', (_, key) => {
    expect(() => checkPublicKey('key', key)).toThrow(expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }));
  });

  it('accepts 2^255 − 21', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 0xeb : i === 31 ? 0x7f : 0xff));
    expect(() => checkPublicKey('key', key)).not.toThrow();
  });
});
