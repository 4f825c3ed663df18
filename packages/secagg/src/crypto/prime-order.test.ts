// The quick answer beside multiplication by L: over keys, keys moved by every point of small order, and bytes that are no point.
import { describe, expect, it } from 'vitest';
import { seededRng } from '@fedkit/core';
import { Point, ed25519 } from './curve25519.ts';
import { isPrimeOrderKey } from './ed25519.ts';
import { nodeProvider } from './node.ts';
import { plainProvider } from './plain.ts';
import { FIVE_ORDERS_LESS_ONE, hasPrimeOrder } from './prime-order.ts';
import type { Agreement, CryptoProvider } from './provider.ts';

const engines = [plainProvider, nodeProvider()].filter((p): p is CryptoProvider => p !== undefined);
const { ORDER: L } = Point.Fn;
const littleEndian = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
const rng = seededRng('prime order');
const random = (): Uint8Array => rng.fill(new Uint8Array(32));

/** The multiples of a point of order 8. */
const small = (() => {
  for (;;) {
    try {
      const point = Point.fromBytes(random());
      const rest = point.multiplyUnsafe(L - 1n).add(point);
      if (!rest.multiplyUnsafe(4n).is0()) return Array.from({ length: 8 }, (_, i) => rest.multiplyUnsafe(BigInt(i)));
    } catch {
      // No point.
    }
  }
})();

it('is an agreement of 5L − 1, which clamping leaves as it is', () => {
  const s = littleEndian(FIVE_ORDERS_LESS_ONE);
  expect([s, s % 8n, s >> 254n]).toEqual([5n * L - 1n, 0n, 1n]);
  // On the twist nothing but what has small order comes back: its points are 4·L′, and L′ divides neither.
  const twist = (2n * Point.Fp.ORDER + 2n - 8n * L) / 4n;
  expect([(5n * L) % twist === 0n, (5n * L - 2n) % twist === 0n]).toEqual([false, false]);
});

describe.each(engines.map((provider) => [provider.name, provider] as const))('%s', (_, provider) => {
  const agreement = provider.agreement(FIVE_ORDERS_LESS_ONE) as Agreement;
  const quick = (key: Uint8Array): boolean => hasPrimeOrder(agreement, key);

  it('takes keys, and none that a point of small order was added to', () => {
    for (let i = 0; i < 4; i++) {
      const key = Point.fromBytes(ed25519.getPublicKey(random()));
      const moved = small.map((point) => key.add(point).toBytes());
      expect(moved.map(quick)).toEqual([true, ...Array(7).fill(false)]);
      expect(moved.map(isPrimeOrderKey)).toEqual(moved.map(quick));
    }
  });

  it('answers as multiplication by L for any bytes', () => {
    const found = Array.from({ length: 40 }, random);
    expect(found.map(quick)).toEqual(found.map(isPrimeOrderKey));
    expect(small.map((point) => quick(point.toBytes()))).toEqual(Array(8).fill(false));
    expect([31, 33, 0].map((length) => quick(new Uint8Array(length)))).toEqual([false, false, false]);
    expect(quick(new Uint8Array(32).fill(255))).toBe(false);
  });
});
