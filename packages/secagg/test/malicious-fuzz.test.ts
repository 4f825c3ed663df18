// Seeded mutations of rounds whose survivors are acknowledged: words, bitmaps and commitments among them.
import { describe, expect, it } from 'vitest';
import { decodeRoundConfig, encodeRoundConfig } from '../src/index.ts';
import { fuzzRound, signedFuzzConfigs } from './fuzz.ts';

const configs = signedFuzzConfigs();

describe('mutated messages', () => {
  configs.forEach((config, i) => {
    it(`${config.mode}: only typed errors, and the honest sum at the end`, async () => {
      const { refused, accepted } = await fuzzRound(config, 1200, `malicious ${i}`);
      expect(refused + accepted).toBeGreaterThan(2000);
      expect(refused).toBeGreaterThan(accepted);
    });
  });
});

describe('the key agreement of a configuration', () => {
  it('is X25519; the hybrid with ML-KEM-768 has a number and is refused by name', () => {
    const bytes = encodeRoundConfig(configs[0]);
    const at = 1 + 16 + 4 + 1 + 1 + 1;
    expect(bytes[at]).toBe(1);
    bytes[at] = 2;
    expect(() => decodeRoundConfig(bytes)).toThrow(/ML-KEM-768/);
    bytes[at] = 3;
    expect(() => decodeRoundConfig(bytes)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });
});
