import { Layout, seededRng } from '@fedkit/core';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  type CheckpointVector,
  checkpointVectors,
  expectModel,
} from '../../../core/test/support/checkpoint-vectors.ts';
import { crc32 } from './crc32.ts';
import { decodeNpz, encodeNpz } from './npz.ts';

const cases = checkpointVectors('npz');
const failed = expect.objectContaining({ name: 'FedkitError', code: 'DECODE_FAILED' });

describe('decodeNpz', () => {
  it.each(cases)('reads the archive of %s', (_, vector) => {
    const model = decodeNpz(bytesOf(vector), { void: 'bfloat16' });
    expectModel(model, vector.values);
  });

  it('finds every flipped bit of a stored archive that it does not refuse, but in what says nothing of the arrays', () => {
    const archive = encodeNpz({ layout: Layout.of([{ name: 'w', shape: [4] }]), values: Float32Array.of(1, 2, 3, 4) });
    const model = decodeNpz(archive);
    let refused = 0;
    for (let bit = 0; bit < archive.length * 8; bit++) {
      const bytes = archive.slice();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      try {
        const other = decodeNpz(bytes);
        // The name is outside the checksum.
        expect(other.values).toEqual(model.values);
      } catch (error) {
        expect(error).toEqual(failed);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(150 * 8);
  });

  it('answers 2,000 mutations of a compressed archive with a model or a FedkitError', () => {
    const good = bytesOf(new Map(cases).get('numpy savez_compressed') as CheckpointVector);
    const rng = seededRng(3);
    let refused = 0;
    for (let i = 0; i < 2_000; i++) {
      const bytes = good.slice(0, rng.below(8) === 0 ? rng.below(good.length + 1) : good.length);
      for (let j = rng.below(3); j >= 0 && bytes.length > 0; j--) bytes[rng.below(bytes.length)] = rng.uint32();
      try {
        decodeNpz(bytes);
      } catch (error) {
        expect(error).toEqual(failed);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1_200);
  });

  it('refuses more bytes than allowed before it inflates them', () => {
    const zeros = { layout: Layout.of([{ name: 'w', shape: [100_000] }]), values: new Float32Array(100_000) };
    const archive = encodeNpz(zeros, { compress: true });
    expect(archive.length).toBeLessThan(2_000);
    expect(decodeNpz(archive).values).toEqual(zeros.values);
    expect(() => decodeNpz(archive, { maximumBytes: 400_000 })).toThrow(/at most 400000 bytes/);
  });

  it('refuses a file that is no array, and an archive of nothing else', () => {
    expect(() => decodeNpz(zipSync({ 'w.npy': new Uint8Array(3) }))).toThrow(failed);
    expect(() => decodeNpz(new Uint8Array(100))).toThrow(failed);
    expect(() => decodeNpz(new Uint8Array(0))).toThrow(failed);
  });
});

describe('encodeNpz', () => {
  const layout = Layout.of([
    { name: 'layer/w', shape: [2, 2] },
    { name: 'ß', shape: [] },
  ]);
  const values = Float32Array.of(1, 2, 3, 4, 5);
  const carried = [{ name: 'n', shape: [1], type: 'I64', bytes: Uint8Array.of(7, 0, 0, 0, 0, 0, 0, 0) }];

  it.each([false, true])('round trips, compressed: %s, with the same bytes each time', (compress) => {
    const archive = encodeNpz({ layout, values, carried }, { compress });
    const model = decodeNpz(archive, { layout });
    expect(model.values).toEqual(values);
    expect(model.carried).toEqual(carried);
    expect(encodeNpz(model, { compress })).toEqual(archive);
  });

  it('refuses one name twice', () => {
    expect(() => encodeNpz({ layout, values, carried: [{ ...carried[0], name: 'ß' }] })).toThrow(/differ/);
  });
});

describe('crc32', () => {
  it('gives the check value of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});
