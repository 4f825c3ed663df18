import { describe, expect, it } from 'vitest';
import { checkLaws, codecLaws } from '../conformance/index.ts';
import type { Sink } from '../codec/sink.ts';
import { atOnce } from '../turns.ts';
import { plainCodec } from './plain-codec.ts';
import { visitSteps } from './visit-steps.ts';

const context = { sharedSeed: new Uint8Array(32) };

describe('plainCodec', () => {
  checkLaws(it, codecLaws({ codec: plainCodec }));

  it('sends the bits themselves, eight bytes more than they are', () => {
    const values = Float32Array.of(1, -0, 1e-45, 3.4e38);
    const bytes = plainCodec.encode(values, context);
    expect([...bytes.subarray(0, 12)]).toEqual([0x66, 0x6b, 0x66, 1, 4, 0, 0, 0, 0, 0, 128, 63]);
    expect(bytes.length).toBe(8 + 16);
    expect(plainCodec.decode(bytes, { expectedSize: 4 })).toEqual(values);
    // Views, at any alignment.
    const shifted = new Uint8Array(25);
    shifted.set(bytes, 1);
    expect(plainCodec.decode(shifted.subarray(1))).toEqual(values);
    expect(plainCodec.encode(new Float32Array(Float32Array.of(9, ...values).buffer, 4), context)).toEqual(bytes);
  });

  it.each([
    ['at once', (bytes: Uint8Array, sink: Sink) => plainCodec.visit(bytes, sink), 1],
    ['in chunks', (bytes: Uint8Array, sink: Sink) => atOnce(visitSteps(plainCodec, bytes, sink, context)), 3],
  ] as const)('visits long vectors %s that add up', (_how, visit, expected) => {
    const values = Float32Array.from({ length: 40_000 }, (_, i) => i);
    const seen = new Float32Array(40_000);
    let calls = 0;
    visit(plainCodec.encode(values, context), {
      dense: (offset, chunk) => {
        calls++;
        seen.set(chunk, offset);
      },
      sparse: () => expect.unreachable(),
    });
    expect(calls).toBe(expected);
    expect(seen).toEqual(values);
  });

  it('refuses other sizes, versions and lengths', () => {
    const bytes = plainCodec.encode(Float32Array.of(1, 2), context);
    const refused = expect.objectContaining({ code: 'DECODE_FAILED' });
    expect(() => plainCodec.decode(bytes, { expectedSize: 3 })).toThrow(refused);
    for (let cut = 0; cut < bytes.length; cut++)
      expect(() => plainCodec.decode(bytes.subarray(0, cut))).toThrow(refused);
    expect(() => plainCodec.decode(Uint8Array.from([...bytes, 0]))).toThrow(refused);
    const huge = bytes.slice();
    huge[7] = 255;
    expect(() => plainCodec.decode(huge)).toThrow(refused);
    const other = bytes.slice();
    other[3] = 2;
    expect(() => plainCodec.decode(other)).toThrow(refused);
  });
});
