import { expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { atOnce } from '../turns.ts';
import { plainCodec } from './plain-codec.ts';
import { CHUNK, visitSteps } from './visit-steps.ts';

const context = { sharedSeed: new Uint8Array(32), clientSeed: new Uint8Array(32) };
/** Bytes before a plain encoding's values. */
const HEAD = 8;

it('hands on the same pieces wherever a plain encoding lies, and copies none that lies where values may', () => {
  const size = 2 * CHUNK + 5;
  const rng = seededRng(1);
  const values = Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
  const bytes = plainCodec.encode(values, context);
  const found = [0, 1, 2, 3].map((shift) => {
    const room = new Uint8Array(shift + bytes.length);
    room.set(bytes, shift);
    const pieces: [number, Float32Array][] = [];
    let inPlace = 0;
    const sink = {
      dense(offset: number, piece: Float32Array) {
        if (piece.buffer === room.buffer) inPlace++;
        pieces.push([offset, piece.slice()]);
      },
      sparse: () => expect.unreachable('no sparse pieces'),
    };
    atOnce(visitSteps(plainCodec, room.subarray(shift), sink, { ...context, expectedSize: size }));
    expect(inPlace).toBe((shift + HEAD) % 4 === 0 ? 3 : 0);
    expect(room.subarray(shift)).toEqual(bytes);
    return pieces;
  });
  expect(found[0].map(([offset]) => offset)).toEqual([0, CHUNK, 2 * CHUNK]);
  expect(Float32Array.from(found[0].flatMap(([, piece]) => [...piece]))).toEqual(values);
  for (const other of found) expect(other).toEqual(found[0]);
});
