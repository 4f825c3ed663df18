// Research group 18. The same with a million: pnpm bench secagg fuzz 1000000
import { seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRoundConfig, encodeRoundConfig } from '../src/index.ts';
import { fuzzConfigs, fuzzRound, mutate } from './fuzz.ts';

describe('20,000 mutated messages', () => {
  fuzzConfigs().forEach((config, i) => {
    it(`${config.graph}${config.identities ? ', signed' : ''}: only typed errors, and the honest sum at the end`, async () => {
      const { refused, accepted } = await fuzzRound(config, 2500, `fuzz ${i}`);
      expect(refused + accepted).toBeGreaterThan(4300);
      expect(refused).toBeGreaterThan(accepted);
    });
  });
});

describe('a mutated configuration', () => {
  it('is refused with a type, or is another valid one', () => {
    const rng = seededRng('configurations');
    const encoded = fuzzConfigs().map(encodeRoundConfig);
    for (let i = 0; i < 2000; i++) {
      const bytes = mutate(encoded[i % encoded.length], encoded, rng);
      try {
        expect(encodeRoundConfig(decodeRoundConfig(bytes))).toEqual(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: 'FedkitError', code: 'DECODE_FAILED' });
      }
    }
  });

  it('has nothing to do with its length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(() => decodeRoundConfig(bytes)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
      }),
    );
  });
});
