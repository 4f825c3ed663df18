import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { contextOf, normals } from '../../test/support.ts';
import { errorFeedback, feedbackCodec, topK } from '../index.ts';

describe('feedbackCodec', () => {
  it('gives the bytes and residuals of error feedback, purely', () => {
    const codec = topK({ density: 0.1 });
    const stateful = errorFeedback(codec, { size: 300, decay: 0.9 });
    const pure = feedbackCodec({ decay: 0.9 })(codec, { size: 300 });
    let memory: Uint8Array | undefined;
    for (let round = 0; round < 3; round++) {
      const values = normals(300, seededRng(round));
      const pending = stateful.encode(values, contextOf(round));
      pending.commit();
      const once = pure.encode(values, contextOf(round), memory);
      const twice = pure.encode(values, contextOf(round), memory);
      expect(once.bytes).toEqual(pending.bytes);
      expect(once.memory).toEqual(stateful.serialize());
      expect(twice).toEqual(once);
      memory = once.memory;
    }
  });

  it('refuses another memory, and options, as error feedback does', () => {
    const pure = feedbackCodec()(topK({ density: 0.5 }), { size: 4 });
    const values = new Float32Array(4);
    expect(() => pure.encode(values, contextOf(1), new Uint8Array(9))).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED' }),
    );
    expect(() => feedbackCodec({ decay: 2 })(topK({ density: 0.5 }), { size: 4 })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
