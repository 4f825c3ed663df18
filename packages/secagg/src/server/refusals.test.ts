import { describe, expect, it } from 'vitest';
import { configOf, SEALING_KEY, Saves } from '../../test/harness.ts';
import { secureAggregationClient } from '../aggregation/secure-aggregation-client.ts';
import { verifyEvidence } from './evidence.ts';
import type { SecAggServerOptions } from './options.ts';
import { SecAggServer } from './server.ts';

const config = configOf({ clients: 3 });
const refusal = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string });
const serverOf = (more: Partial<SecAggServerOptions>) => () =>
  new SecAggServer({ config, ...more } as SecAggServerOptions);

describe('a server of sums', () => {
  it('saves with a key and somewhere to, or not at all', async () => {
    const { persist } = new Saves();
    for (const half of [{ persist }, { sealingKey: SEALING_KEY }]) {
      expect(serverOf(half)).toThrow(refusal('INVALID_ARGUMENT', /persist: expected it together with a sealingKey/));
    }
    expect(serverOf({ persist, sealingKey: SEALING_KEY.subarray(1) })).toThrow(refusal('SHAPE_MISMATCH', /sealingKey/));
    expect(serverOf({ persist, sealingKey: SEALING_KEY })().stage).toBe('advertise');
    expect(() => SecAggServer.restore({ config, sealedState: new Uint8Array(100) })).toThrow(
      refusal('INVALID_ARGUMENT', /restore: sealingKey: expected 32 bytes/),
    );
  });

  it('has a directory where there are identities, and nowhere else', () => {
    const directory = new Map() as unknown as NonNullable<SecAggServerOptions['directory']>;
    expect(serverOf({ directory })).toThrow(refusal('INVALID_ARGUMENT', /directory: expected none in a round without/));
    const signed = configOf({ clients: 3, identities: true });
    expect(serverOf({ config: signed })).toThrow(refusal('INVALID_ARGUMENT', /directory: expected one in rounds with/));
    const evidence = { clients: ['a', 'b'], messages: [new Uint8Array(1), new Uint8Array(1)] } as const;
    expect(() => verifyEvidence(config, directory, evidence)).toThrow(
      refusal('INVALID_ARGUMENT', /config: expected a round with identities/),
    );
  });

  it("is not made of a client's half", () => {
    const half = secureAggregationClient({ corruptFraction: 0, dropoutFraction: 0, sealingKey: SEALING_KEY });
    expect(() => half.server({ configuration: new Uint8Array(0) } as never)).toThrow(
      refusal('INVALID_ARGUMENT', /expected secureAggregation\(…\) on a server, got "?a client's half/),
    );
  });
});
