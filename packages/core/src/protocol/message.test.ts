import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, isFedkitError } from '../errors.ts';
import { decodeResponse, encodeRequest } from './client-message.ts';
import type { Request, Response } from './message.ts';
import { decodeRequest, encodeResponse } from './server-message.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const whole = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const u32 = fc.integer({ min: 1, max: 0xffffffff });

const request: fc.Arbitrary<Request> = fc.oneof(
  fc.constant({ kind: 'join' } as const),
  fc.record({ kind: fc.constant('model' as const), digest: exactly(32), offset: whole }),
  fc.record({ kind: fc.constant('report' as const), ticket: whole, bytes }),
  fc.record({ kind: fc.constant('exchange' as const), ticket: whole }),
  fc.record({ kind: fc.constant('exchange' as const), ticket: whole, message: bytes }),
  fc.record({ kind: fc.constant('leave' as const), ticket: whole }),
);

const task = fc.record({
  run: exactly(16),
  round: u32,
  ticket: whole,
  modelDigest: exactly(32),
  modelLength: whole,
  pipelineDigest: exactly(32),
  parameters: bytes,
  expiresIn: whole,
});

const response: fc.Arbitrary<Response> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), milliseconds: u32 }),
  fc.record({ kind: fc.constant('task' as const), task }),
  fc
    .tuple(fc.integer({ min: 0, max: 2 ** 40 }), bytes, fc.integer({ min: 0, max: 2 ** 40 }))
    .map(([offset, part, rest]) => ({
      kind: 'part' as const,
      total: offset + part.length + rest,
      offset,
      bytes: part,
    })),
  fc.record({ kind: fc.constantFrom('accepted' as const, 'late' as const, 'left' as const), ticket: whole }),
  fc.record({ kind: fc.constant('message' as const), bytes }),
  fc.record({ kind: fc.constant('finished' as const), ticket: whole, counted: fc.boolean() }),
  fc.constant({ kind: 'closed' } as const),
  fc.record({
    kind: fc.constant('refused' as const),
    code: fc.constantFrom(...ERROR_CODES),
    message: fc.string({ maxLength: 50, unit: 'grapheme' }),
  }),
);

/** Decoding either throws DECODE_FAILED or gives what encodes to the same bytes again: no two spellings of one message. */
function canonical<M>(decode: (bytes: Uint8Array) => M, encode: (message: M) => Uint8Array, hostile: Uint8Array): void {
  let message: M;
  try {
    message = decode(hostile);
  } catch (error) {
    expect(isFedkitError(error, 'DECODE_FAILED')).toBe(true);
    return;
  }
  expect(encode(message)).toEqual(hostile);
}

describe('messages', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(request, (message) => {
        expect(decodeRequest(encodeRequest(message))).toEqual(message);
      }),
    );
    fc.assert(
      fc.property(response, (message) => {
        expect(decodeResponse(encodeResponse(message))).toEqual(message);
      }),
    );
  });

  it('are refused by DECODE_FAILED when mutated, truncated or lengthened, or are another message spelled as it must be', () => {
    const mutated = (encoded: Uint8Array, at: number, xor: number, cut: number) => {
      const hostile = new Uint8Array([...encoded, 7].slice(0, encoded.length + 1 - cut));
      if (hostile.length > 0) hostile[at % hostile.length] ^= xor;
      return hostile;
    };
    const damage = [fc.nat(), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 9 })] as const;
    fc.assert(
      fc.property(request, ...damage, (message, at, xor, cut) =>
        canonical(decodeRequest, encodeRequest, mutated(encodeRequest(message), at, xor, cut)),
      ),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(response, ...damage, (message, at, xor, cut) =>
        canonical(decodeResponse, encodeResponse, mutated(encodeResponse(message), at, xor, cut)),
      ),
      { numRuns: 2000 },
    );
  });

  it('do not pass for the other direction', () => {
    expect(() => decodeResponse(encodeRequest({ kind: 'join' }))).toThrow(
      'decodeResponse: expected a response, got other bytes',
    );
    expect(() => decodeRequest(encodeResponse({ kind: 'closed' }))).toThrow(
      'decodeRequest: expected a request, got other bytes',
    );
  });

  it('cut a long refusal short', () => {
    const long = encodeResponse({ kind: 'refused', code: 'OUT_OF_RANGE', message: 'x'.repeat(5000) });
    expect(decodeResponse(long)).toMatchObject({ message: 'x'.repeat(1000) });
  });
});
