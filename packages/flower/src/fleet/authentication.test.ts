import { toBase64 } from '../key/base64.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { derSignature, pemOf } from '../key/der.ts';
import { webCryptoKeys } from '../key/node-key.ts';
import { Authentication } from './authentication.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Headers of a key's calls, the same signature at every time. */
async function callsOf() {
  const { publicKey } = await webCryptoKeys().generate();
  const signature = toBase64(derSignature(new Uint8Array(96).fill(1)));
  const header = toBase64(pemOf(publicKey));
  return (at: number, tick: number) =>
    new Headers({
      'flwr-public-key': header,
      'flwr-signature': signature,
      'flwr-timestamp': `${new Date(at).toISOString().slice(0, 19)}.${String(tick).padStart(9, '0')}Z`,
    });
}

it('keeps at most 50,000 times of a key in what they may be of the past and the future, and hears it again thereafter', async () => {
  // The count is what matters here, not 50,000 curves.
  vi.spyOn(globalThis.crypto.subtle, 'verify').mockResolvedValue(true);
  const second = 1_800_000_000_000;
  let now = second;
  const authentication = await Authentication.open({ selfRegistration: true }, () => now);
  const [busy, other] = [await callsOf(), await callsOf()];
  for (let i = 0; i < 50_000; i++) await authentication.caller(busy(second, i));
  await expect(authentication.caller(busy(second, 50_000))).rejects.toMatchObject({ refusal: { status: 401 } });
  await authentication.caller(other(second, 0));
  now += 305_000;
  await authentication.caller(busy(now, 0));
});
