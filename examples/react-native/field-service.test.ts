import * as crypto from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { plainProvider } from '@fedkit/secagg';
import { featuresOf } from './features.ts';
import { nativeProvider } from './native-crypto.ts';
import { scenario } from './scenario.ts';

describe('the field-service app', () => {
  it('learns what notes are about, offline first, and adapts to its technician', { timeout: 60_000 }, async () => {
    const outcome = await scenario();
    expect(outcome).toMatchObject({ rounds: 4, kept: 52 });
    expect(outcome.accuracy).toBeGreaterThan(0.9);
    const [before, after] = outcome.personal;
    expect(after).toBe(before === 'leak' ? 'wear' : 'leak');
    expect(outcome.offline).toBeGreaterThanOrEqual(3);
    // The same bytes wherever it runs, and whatever the windows cut in two.
    expect((await scenario()).digest).toBe(outcome.digest);
  });

  it('sees words, not their order or their case', () => {
    expect(featuresOf('Oil drips; oil!')).toEqual(featuresOf('oil OIL drips'));
    expect(featuresOf('...')).toEqual(new Float32Array(256));
    expect(featuresOf('oil')).not.toEqual(featuresOf('water'));
  });
});

describe("a phone's own cryptography", () => {
  it('gives the bytes of the plain one', async () => {
    const native = nativeProvider(crypto);
    for (const suite of ['aes-128-ctr', 'chacha20'] as const) {
      const key = Uint8Array.from({ length: suite === 'aes-128-ctr' ? 16 : 32 }, (_, i) => 7 * i);
      const [own, plain] = [await native.keystream(suite, key, 300), await plainProvider.keystream(suite, key, 300)];
      for (const length of [16, 64, 1024, 33]) expect(await own(length)).toEqual(await plain(length));
    }
    const message = Uint8Array.from({ length: 1000 }, (_, i) => i);
    expect(native.sha256(message)).toEqual(plainProvider.sha256(message));
  });
});
