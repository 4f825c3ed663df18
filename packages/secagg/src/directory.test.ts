// How often the order of a directory's key is looked at: once for a client's key and directory, and for every other key again.
import { expect, it } from 'vitest';
import vectors from '../test/vectors/curve-edges.json' with { type: 'json' };
import { plainProvider } from './crypto/plain.ts';
import { admittedKey } from './directory.ts';
import { copyOf, fromHex } from './internal/bytes.ts';

const usable = [...vectors.taming, ...vectors.edges].filter(({ isDirectoryKey }) => isDirectoryKey);
const [first, second] = [...new Set(usable.map(({ publicKey }) => publicKey))].map(fromHex);
const mixed = vectors.taming.find((vector) => vector.case === 4) as (typeof vectors.taming)[number];

function counting() {
  const looked: Uint8Array[] = [];
  const isPrimeOrder = (key: Uint8Array) => {
    looked.push(copyOf(key));
    return plainProvider.isPrimeOrder(key);
  };
  return { looked, provider: { ...plainProvider, isPrimeOrder } };
}

it('looks at a key once for each client and directory', () => {
  const { looked, provider } = counting();
  const directories = [0, 1].map(() => () => first);
  for (let time = 0; time < 3; time++) {
    for (const directory of directories) {
      for (const id of ['a', 'b']) expect(admittedKey(provider, directory, id)).toEqual(first);
    }
  }
  expect(looked).toEqual(Array(4).fill(first));
});

it('looks again at a key that was exchanged, in its own memory too', () => {
  const { looked, provider } = counting();
  const held = copyOf(first);
  const directory = () => held;
  const given = admittedKey(provider, directory, 'a');
  given.fill(0);
  expect(admittedKey(provider, directory, 'a')).toEqual(first);
  held.set(second);
  expect(admittedKey(provider, directory, 'a')).toEqual(second);
  expect(looked).toEqual([first, second]);
});

it('refuses a key of mixed order every time, after a good one too', () => {
  const { looked, provider } = counting();
  const keys = [first, fromHex(mixed.publicKey), fromHex(mixed.publicKey), first];
  let next = 0;
  const directory = () => keys[next++];
  expect(admittedKey(provider, directory, 'a')).toEqual(first);
  for (let time = 0; time < 2; time++) {
    expect(() => admittedKey(provider, directory, 'a')).toThrow(
      expect.objectContaining({ code: 'AUTHENTICATION_FAILED', details: { client: 'a' } }),
    );
  }
  expect(admittedKey(provider, directory, 'a')).toEqual(first);
  expect(looked).toHaveLength(3);
});
