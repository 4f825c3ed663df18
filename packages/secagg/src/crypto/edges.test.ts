// What engines are known to decide differently: signatures and keys at the edge of their curves.
import { createPublicKey, verify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import vectors from '../../test/vectors/curve-edges.json' with { type: 'json' };
import { admittedKey, keyOf } from '../directory.ts';
import { hex } from '../internal/bytes.ts';
import { COFACTOR_ALONE } from './ed25519.ts';
import { checkPublicKey } from './low-order.ts';
import { nodeProvider } from './node.ts';
import { plainProvider } from './plain.ts';
import type { CryptoProvider } from './provider.ts';
import { webProvider } from './web.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const providers = [plainProvider, nodeProvider(), webProvider()].filter((p): p is CryptoProvider => p !== undefined);
const signatures = [
  ...vectors.taming.map((vector) => ({ name: `Taming the Many EdDSAs, case ${vector.case}`, ...vector })),
  ...vectors.edges,
];

function opensslVerifies({ publicKey, message, signature }: (typeof signatures)[number]): boolean {
  try {
    const key = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(bytes(publicKey)).toString('base64url') },
      format: 'jwk',
    });
    return verify(null, bytes(message), key, bytes(signature));
  } catch {
    return false;
  }
}

function nobleVerifies({ publicKey, message, signature }: (typeof signatures)[number]): boolean {
  return ed25519.verify(bytes(signature), bytes(message), bytes(publicKey), { zip215: false });
}

describe.each(providers.map((provider) => [provider.name, provider] as const))('Ed25519, %s', (_, provider) => {
  it.each(signatures)('$name: $valid', ({ publicKey, message, signature, valid }) => {
    expect(provider.verify(bytes(publicKey), bytes(message), bytes(signature))).toBe(valid);
  });
});

it('is a rule that neither library keeps by itself', () => {
  const wrong = (verifies: (vector: (typeof signatures)[number]) => boolean) =>
    signatures.filter((vector) => verifies(vector) !== vector.valid).length;
  expect(wrong(opensslVerifies)).toBeGreaterThan(8);
  expect(wrong(nobleVerifies)).toBeGreaterThan(8);
  const gap = { ...COFACTOR_ALONE, name: '', valid: false, isDirectoryKey: true };
  expect([nobleVerifies(gap), opensslVerifies(gap)]).toEqual([true, false]);
});

describe('a directory key', () => {
  it.each(signatures)('$name: $isDirectoryKey', ({ publicKey, isDirectoryKey }) => {
    for (const provider of providers) expect(provider.isPrimeOrder(bytes(publicKey))).toBe(isDirectoryKey);
    const look = () => admittedKey(plainProvider, () => bytes(publicKey), 'mallory');
    if (isDirectoryKey) expect(hex(look())).toBe(publicKey);
    else
      expect(look).toThrow(expect.objectContaining({ code: 'AUTHENTICATION_FAILED', details: { client: 'mallory' } }));
  });

  it('is typed where there is none', () => {
    const cause = new Error('disk');
    for (const [answer, details] of [
      [() => undefined, {}],
      [() => null, {}],
      [() => 'key', {}],
      [() => new Uint8Array(31), {}],
      [
        () => {
          throw cause;
        },
        { cause },
      ],
    ] as const) {
      expect(() => keyOf(answer as unknown as () => undefined, 'a')).toThrow(
        expect.objectContaining({ code: 'AUTHENTICATION_FAILED', details: { client: 'a' }, ...details }),
      );
    }
  });
});

describe.each(providers.map((provider) => [provider.name, provider] as const))('X25519, %s', (_, provider) => {
  it.each(vectors.x25519)('agrees as Wycheproof, test $test', async ({ publicKey, secretKey, shared }) => {
    checkPublicKey('key', bytes(publicKey));
    const agreement = await provider.agreement(bytes(secretKey));
    expect(hex(await agreement.agree(bytes(publicKey)))).toBe(shared);
  });

  it('agrees alike under second encodings, which no message may hold', async () => {
    const agreement = await provider.agreement(new Uint8Array(32).fill(7));
    for (const [second, first] of [
      [`f0${'ff'.repeat(30)}7f`, `03${'00'.repeat(31)}`],
      [`ff${'ff'.repeat(30)}7f`, `12${'00'.repeat(31)}`],
      [`09${'00'.repeat(30)}80`, `09${'00'.repeat(31)}`],
      [`${'ff'.repeat(32)}`, `12${'00'.repeat(31)}`],
    ]) {
      expect(hex(await agreement.agree(bytes(second)))).toBe(hex(await agreement.agree(bytes(first))));
      expect(() => checkPublicKey('key', bytes(second))).toThrow(
        expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }),
      );
    }
  });
});
