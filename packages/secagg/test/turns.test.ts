import { expect, it } from 'vitest';
import { plainProvider } from '../src/crypto/plain.ts';
import type { CryptoProvider } from '../src/crypto/provider.ts';
import { webProvider } from '../src/crypto/web.ts';
import { runRound } from '../src/testing/index.ts';

const CLIENTS = ['a', 'b', 'c', 'd', 'e'];
const LENGTH = 1000;

/** How many calls went to WebCrypto, and how often one went while none was under way: what takes a turn of its threads. */
function counted(provider: CryptoProvider) {
  const turns = { calls: 0, turns: 0 };
  let waiting = 0;
  const count = <T>(answer: T | Promise<T>): T | Promise<T> => {
    if (!(answer instanceof Promise)) return answer;
    turns.calls++;
    if (waiting++ === 0) turns.turns++;
    return answer.finally(() => void waiting--);
  };
  const counting: CryptoProvider = {
    ...provider,
    agreement: (secretKey) => {
      const made = Promise.resolve(provider.agreement(secretKey));
      return count(made.then((one) => ({ ...one, agree: (peer: Uint8Array) => count(one.agree(peer)) })));
    },
    keystream: (suite, key, total) => {
      const made = Promise.resolve(provider.keystream(suite, key, total));
      return count(made.then((next) => (bytes: number) => count(next(bytes))));
    },
  };
  return { turns, counting };
}

async function round(provider: CryptoProvider, length = LENGTH) {
  const messages: string[] = [];
  const { sums } = await runRound({
    inputs: Object.fromEntries(CLIENTS.map((id, i) => [id, { update: new Int32Array(length).fill(i - 2) }])),
    config: { vectors: { update: { length, bound: 8 } }, corruptFraction: 0.1, dropoutFraction: 0.2 },
    seed: 'turns',
    provider,
    onMessage: ({ bytes }) => void messages.push(Buffer.from(bytes).toString('hex')),
  });
  return { sums, messages };
}

it('a client asks WebCrypto for what it needs of all its peers at once, to the bytes of plain JavaScript', async () => {
  const { turns, counting } = counted(webProvider() as CryptoProvider);
  const found = await round(counting);
  expect(found.sums.update).toEqual(new Int32Array(LENGTH));
  // The fewest are 37, and 76 if each peer's key waited for the one before.
  expect(turns.calls).toBeGreaterThan(100);
  expect(turns.turns).toBeLessThan(45);
  expect(found).toEqual(await round(plainProvider));
});

it('a client has WebCrypto hash the states that it keeps once they are long', async () => {
  const provider = webProvider() as CryptoProvider;
  const lengths = { plain: [] as number[], later: [] as number[] };
  const found = await round(
    {
      ...provider,
      sha256(bytes) {
        lengths.plain.push(bytes.length);
        return provider.sha256(bytes);
      },
      sha256Later(bytes) {
        lengths.later.push(bytes.length);
        return (provider.sha256Later as (bytes: Uint8Array) => Promise<Uint8Array>)(bytes);
      },
    },
    20_000,
  );
  // Those that hold the masked input, which later ones do not.
  expect(lengths.later.length).toBe(CLIENTS.length);
  expect(Math.min(...lengths.later)).toBeGreaterThan(16_383);
  expect(Math.max(...lengths.plain)).toBeLessThan(16_384);
  expect(found).toEqual(await round(plainProvider, 20_000));
});
