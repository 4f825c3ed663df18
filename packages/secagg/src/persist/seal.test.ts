import { secureRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { defaultProvider } from '../crypto/default-provider.ts';
import { plainProvider } from '../crypto/plain.ts';
import { openState, sealState } from './seal.ts';

const KEY = new Uint8Array(32).fill(3);
const BOUND = Uint8Array.of(1, 2, 3);

describe('sealed state', () => {
  it.each([defaultProvider(), plainProvider])('leaves the room it is asked for, on $name', (provider) => {
    for (const length of [0, 1, 5000]) {
      const state = Uint8Array.from({ length }, (_, i) => i);
      for (const room of [0, 36]) {
        const saved = sealState(provider, secureRng(), KEY, 'record', BOUND, state, room);
        expect(saved.length).toBe(room + 32 + length + 16);
        expect(saved.subarray(0, room).every((byte) => byte === 0)).toBe(true);
        saved.fill(255, 0, room);
        expect(openState(plainProvider, KEY, 'record', BOUND, saved.subarray(room))).toEqual(state);
      }
    }
  });
});
