import { describe, expect, it } from 'vitest';
import { contextFor } from './plain-collector.ts';
import { clientSeedOf } from './seeds.ts';

const seed = new Uint8Array(32).fill(7);

describe('what a codec is told as it decodes', () => {
  it.each(['a', 'b'])(
    'is the seed that client %s encoded with, the shared one too, also where it is spread',
    (client) => {
      const own = clientSeedOf(seed, 'update', client);
      const told = { sharedSeed: own, clientSeed: own, expectedSize: 3 };
      const context = contextFor(seed, { name: 'update', size: 3 }, client);
      expect({ ...context }).toEqual(told);
      expect([context.sharedSeed, context.clientSeed, context.expectedSize]).toEqual([own, own, 3]);
      expect(contextFor(seed, { name: 'other', size: 3 }, client).clientSeed).not.toEqual(own);
    },
  );
});
