import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined } from '../bytes.ts';
import { isFedkitError } from '../errors.ts';
import type { PlainData } from '../plain-data.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import { decodeState, encodeState } from './state-file.ts';

const owner = { kind: 'scaffold', model: 'ab'.repeat(32) };
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const plainData: fc.Arbitrary<PlainData> = fc.letrec<{ data: PlainData }>((tie) => ({
  data: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    fc.float32Array({ maxLength: 5 }),
    fc.dictionary(fc.string({ maxLength: 4, unit: fc.constantFrom('a', '/', '~', '.', 'é') }), tie('data'), {
      maxKeys: 4,
    }),
  ),
})).data;

function code(run: () => unknown): unknown {
  try {
    run();
    return 'no error';
  } catch (error) {
    return isFedkitError(error) ? error.code : error;
  }
}

describe('state files', () => {
  it('come back as they went, bit for bit', () => {
    fc.assert(
      fc.property(plainData, (state) => {
        const bytes = encodeState(state, owner);
        const back = decodeState(bytes, owner);
        expect(back).toEqual(state);
        expect(encodeState(back, owner)).toEqual(bytes);
      }),
    );
  });

  it('are safetensors files', () => {
    const state = { params: Float32Array.of(1, 2), optimizer: { velocity: Float32Array.of(3) }, version: 7 };
    const { layout, values } = decodeSafetensors(encodeState(state, owner));
    expect(layout.tensors.map(({ name }) => name)).toEqual(['params', 'optimizer/velocity']);
    expect([...values]).toEqual([1, 2, 3]);
  });

  it('fit no other model, and nothing else', () => {
    const bytes = encodeState({ control: Float32Array.of(1) }, owner);
    expect(code(() => decodeState(bytes, { ...owner, model: 'cd'.repeat(32) }))).toBe('SHAPE_MISMATCH');
    // Of either digest as much as tells the two apart.
    expect(() => decodeState(bytes, { ...owner, model: 'cd'.repeat(32) })).toThrow(
      /expected layout digest (cd){8}, got "(ab){8}"$/,
    );
    expect(code(() => decodeState(bytes, { ...owner, kind: 'fedDyn' }))).toBe('DECODE_FAILED');
  });

  it('hold float32 values alone: others are refused', () => {
    const { layout, values, metadata } = decodeSafetensors(encodeState({ control: Float32Array.of(1, 2) }, owner));
    const halves = encodeSafetensors({ layout, values, metadata, types: 'F16' });
    expect(code(() => decodeState(encodeSafetensors({ layout, values, metadata }), owner))).toBe('no error');
    expect(code(() => decodeState(halves, owner))).toBe('DECODE_FAILED');
  });

  it('are read as they are written alone: another header of the same state is refused', () => {
    const state = { control: Float32Array.of(1, 2), other: Float32Array.of(3), n: 1 };
    const bytes = encodeState(state, owner);
    const dataStart = 8 + new DataView(bytes.buffer).getUint32(0, true);
    const text = new TextDecoder().decode(bytes.subarray(8, dataStart)).trimEnd();
    const withHeader = (header: string, data: Uint8Array = bytes.subarray(dataStart)) => {
      const head = new TextEncoder().encode(header.padEnd(Math.ceil(header.length / 8) * 8));
      return joined([Uint8Array.of(head.length, head.length >> 8, 0, 0, 0, 0, 0, 0), head, data]);
    };
    expect(decodeState(withHeader(text), owner)).toEqual(state);
    const others = [
      text.replace('{', '{ '),
      text.replace('[2]', '[2.0]'),
      text.replace('[2]', '"2"'),
      text.replace('[0,8]', '[0,4]'),
      text.replace('[8,12]', '[4,8]'),
      text.replace('F32', 'I32'),
      text.replace('"n\\":\\"1\\"', '"n\\":\\"1.0\\"'),
      text.replace('"n\\":\\"1\\"', '"n\\":\\" \\"'),
      text.replace(/}$/, ',"more":{"dtype":"F32","shape":[0],"data_offsets":[12,12]}}'),
      text.replace('"other":', '"other":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"other":'),
      text.replace('"format"', '"note":"mine","format"'),
    ];
    for (const other of others) {
      expect(other).not.toBe(text);
      expect(code(() => decodeState(withHeader(other), owner))).toBe('DECODE_FAILED');
    }
    expect(code(() => decodeState(withHeader(text.replace('control', 'another')), owner))).toBe('DECODE_FAILED');
    expect(code(() => decodeState(joined([bytes, new Uint8Array(4)]), owner))).toBe('DECODE_FAILED');
    // What no state could have been encoded from is no state either.
    const long = 'a'.repeat(1025);
    expect(code(() => decodeState(withHeader(text.replaceAll('control', long)), owner))).toBe('DECODE_FAILED');
    expect(code(() => encodeState({ [long]: Float32Array.of(1) }, owner))).toBe('INVALID_ARGUMENT');
  });

  it('are refused when damaged, by a FedkitError', () => {
    const bytes = encodeState({ control: Float32Array.of(1, 2, 3), nested: { n: -0, empty: {} } }, owner);
    const want = ['no error', 'DECODE_FAILED', 'SHAPE_MISMATCH'];
    for (let length = 0; length < bytes.length; length++) {
      expect(code(() => decodeState(bytes.subarray(0, length), owner))).toBe('DECODE_FAILED');
    }
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (place, flip) => {
        const damaged = bytes.slice();
        damaged[place] ^= flip;
        expect(want).toContain(code(() => decodeState(damaged, owner)));
      }),
      { numRuns: 500 },
    );
  });

  it('refuse what is not plain data', () => {
    expect(code(() => encodeState({ n: NaN }, owner))).toBe('OUT_OF_RANGE');
    for (const bad of [new Float64Array(1), [1], null, 'text']) {
      expect(code(() => encodeState({ bad } as unknown as PlainData, owner))).toBe('INVALID_ARGUMENT');
    }
    let deep: PlainData = 1;
    for (let i = 0; i < 20; i++) deep = { deep };
    expect(code(() => encodeState(deep, owner))).toBe('INVALID_ARGUMENT');
  });
});
