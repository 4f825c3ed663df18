import { sha256 } from '@noble/hashes/sha2.js';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeState } from '../model/state-file.ts';
import { broadcastPart, encodeBroadcast } from './encoded-broadcast.ts';
import { decodeResponse } from './client-message.ts';
import { encodeResponse } from './server-message.ts';

const owner = { kind: 'test', model: '5 parameters' };
const state = { params: Float32Array.of(1, 2, 3, 4, 5), inner: { step: 3, momentum: Float32Array.of(6, 7) } };
const bytes = encodeState(state, owner);

it('answers with any part of what a state is as bytes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: bytes.length + 50 }), fc.nat(bytes.length), (partBytes, offset) => {
      const broadcast = encodeBroadcast(state, owner, partBytes);
      expect(broadcast.length).toBe(bytes.length);
      expect(broadcast.digest).toEqual(sha256(bytes));
      const request = { kind: 'model', digest: broadcast.digest, offset } as const;
      const expected = bytes.slice(offset, offset + partBytes);
      const answer = broadcastPart(request, broadcast);
      expect(answer).toEqual(encodeResponse({ kind: 'part', total: bytes.length, offset, bytes: expected }));
      expect(decodeResponse(answer)).toMatchObject({ kind: 'part', bytes: expected });
    }),
  );
});

it('is a copy: the state may go on changing', () => {
  const own = { params: Float32Array.of(1, 2, 3) };
  const broadcast = encodeBroadcast(own, owner, 1000);
  own.params.fill(9);
  const { digest } = broadcast;
  const part = decodeResponse(broadcastPart({ kind: 'model', digest, offset: 0 }, broadcast));
  expect(part).toMatchObject({ bytes: encodeState({ params: Float32Array.of(1, 2, 3) }, owner) });
});

it('refuses another model and places beyond the end', () => {
  const broadcast = encodeBroadcast(state, owner, 64);
  const { digest } = broadcast;
  const ask = (offset: number, of = digest) => broadcastPart({ kind: 'model', digest: of, offset }, broadcast);
  expect(() => ask(bytes.length + 1)).toThrow(/OUT_OF_RANGE|at most/);
  expect(() => ask(0, new Uint8Array(32))).toThrow(/the digest of the current model/);
});
