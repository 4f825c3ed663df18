import { expect, it } from 'vitest';
import { encodeState } from '../model/state-file.ts';
import { decodeRecord, encodeRecord } from './client-record-format.ts';
import { keptFormat } from '../secure/kept-format.ts';

it('reads nothing but records', () => {
  const task = {
    run: new Uint8Array(16),
    round: 1,
    ticket: 2 ** 40,
    modelDigest: new Uint8Array(32),
    modelLength: 5,
    pipelineDigest: new Uint8Array(32),
    parameters: Uint8Array.of(1, 2),
    expiresIn: 3,
  };
  const kept = { state: encodeState({ a: 1 }, { kind: 'x', model: 'y' }), memory: Uint8Array.of(4) };
  const works = [
    { kind: 'none' },
    { kind: 'training', task, expiresAt: Infinity },
    { kind: 'training', task, expiresAt: 12.5 },
    { kind: 'reporting', task, next: kept, request: [Uint8Array.of(9, 8)] },
    { kind: 'exchanging', task, next: {} },
    {
      kind: 'exchanging',
      task,
      next: { memory: new Uint8Array(0) },
      input: { update: Int32Array.of(-1, 2 ** 31 - 1), '': new Int32Array(0) },
      sealed: Uint8Array.of(7),
      received: new Uint8Array(0),
    },
    { kind: 'leaving', ticket: 7 },
  ] as const;
  for (const work of works) {
    const record = { pipeline: new Uint8Array(32).fill(9), run: new Uint8Array(16), kept, resolved: 3, work };
    const bytes = encodeRecord(record, keptFormat);
    expect(decodeRecord('record', bytes, keptFormat)).toEqual(record);
    expect(encodeRecord(decodeRecord('record', bytes, keptFormat), keptFormat)).toEqual(bytes);
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeRecord('record', bytes.subarray(0, length), keptFormat)).toThrowError(
        expect.objectContaining({ code: 'DECODE_FAILED' }),
      );
    if (work.kind === 'exchanging')
      expect(() => decodeRecord('record', bytes)).toThrowError(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(() => decodeRecord('record', Uint8Array.of(...bytes, 0), keptFormat)).toThrowError(
      expect.objectContaining({ code: 'DECODE_FAILED' }),
    );
    for (let i = 0; i < bytes.length; i++) {
      const other = bytes.slice();
      other[i] ^= 0x55;
      try {
        decodeRecord('record', other, keptFormat);
      } catch (error) {
        expect(error).toMatchObject({ code: 'DECODE_FAILED' });
      }
    }
  }
});
