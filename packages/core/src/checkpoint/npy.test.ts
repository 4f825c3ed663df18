import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../random.ts';
import { utf8Encode } from '../utf8.ts';
import { decodeNpy, encodeNpy } from './npy.ts';

/** A file with a header of one's own; `length` bytes of zeros behind it. */
function file(header: string, length: number, major = 1): Uint8Array {
  const start = major === 1 ? 10 : 12;
  const bytes = new Uint8Array(start + header.length + length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, major, 0, header.length & 255, header.length >>> 8]);
  bytes.set(utf8Encode(header), start);
  return bytes;
}

const WIDTHS = {
  F16: 2,
  F32: 4,
  F64: 8,
  BF16: 2,
  I8: 1,
  I16: 2,
  I32: 4,
  I64: 8,
  U8: 1,
  U16: 2,
  U32: 4,
  U64: 8,
  BOOL: 1,
  C64: 8,
};
const failed = expect.objectContaining({ name: 'FedkitError', code: 'DECODE_FAILED' });

describe('npy', () => {
  it('writes what numpy.save writes', () => {
    // np.save of np.array([[1, 2]], dtype='<f4') by NumPy 2.4.6, first 10 bytes and header.
    const bytes = encodeNpy({ shape: [1, 2], type: 'F32', bytes: new Uint8Array(Float32Array.of(1, 2).buffer) });
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }`;
    expect(bytes.length).toBe(136);
    expect([...bytes.subarray(0, 10)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0]);
    expect(String.fromCharCode(...bytes.subarray(10, 128))).toBe(`${header.padEnd(117)}\n`);
  });

  it('gives every array back, in either order of elements and of bytes', () => {
    const array = fc.record({
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
      type: fc.constantFrom(...(Object.keys(WIDTHS) as (keyof typeof WIDTHS)[])),
      seed: fc.nat(),
      order: fc.constantFrom('C' as const, 'Fortran' as const),
      byteOrder: fc.constantFrom('little' as const, 'big' as const),
    });
    fc.assert(
      fc.property(array, ({ shape, type, seed, order, byteOrder }) => {
        const rng = seededRng(seed);
        const size = shape.reduce((product, length) => product * length, 1);
        const bytes = Uint8Array.from({ length: size * WIDTHS[type] }, () => rng.below(256));
        const decoded = decodeNpy(encodeNpy({ shape, type, bytes }, { order, byteOrder }), { void: 'bfloat16' });
        expect(decoded).toEqual({ shape, type, bytes });
      }),
    );
  });

  it.each([
    ['keys in another order', `{"shape": (2,), "fortran_order": False, "descr": "<f4"}`, [2]],
    ['white space and no last comma', `{'descr':'<f4','fortran_order':True,'shape':( 1 , 2 )}  \n`, [1, 2]],
    ['a scalar', `{'descr': '<f8', 'fortran_order': False, 'shape': (), }`, []],
  ])('reads %s', (_, header, shape) => {
    expect(decodeNpy(file(header, 8)).shape).toEqual(shape);
    expect(decodeNpy(file(header, 8, 2)).shape).toEqual(shape);
    expect(decodeNpy(file(header, 8, 3)).shape).toEqual(shape);
  });

  const header = (descr: string, shape = '(2,)') => `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`;
  it.each([
    ['no magic', new Uint8Array(20)],
    ['a short file', Uint8Array.of(0x93, 0x4e)],
    ['version 4', file(header("'<f4'"), 8, 4)],
    ['a header beyond the file', file(header("'<f4'"), 8).subarray(0, 20)],
    ['objects', file(header("'|O'"), 8)],
    ['text', file(header("'<U2'"), 8)],
    ['dates', file(header("'<M8[ns]'"), 8)],
    ['records', file(header("[('a', '<f4')]"), 8)],
    ['two untyped bytes', file(header("'|V2'"), 4)],
    ['no byte order', file(header("'f4'"), 8)],
    ['the order of a machine', file(header("'=f4'"), 8)],
    ['quadruple precision', file(header("'<f16'"), 32)],
    ['too few elements', file(header("'<f4'"), 4)],
    ['too many elements', file(header("'<f4'"), 12)],
    ['a negative length', file(header("'<f4'", '(-2,)'), 8)],
    ['a number for a shape', file(header("'<f4'", '(2)'), 8)],
    ['a huge shape', file(header("'<f4'", '(99999999999999999999,)'), 8)],
    ['a key twice', file(`{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,), }`, 8)],
    ['a key too many', file(`{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}`, 8)],
    ['no order', file(`{'descr': '<f4', 'shape': (2,), }`, 8)],
    ['no dictionary', file('None', 8)],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeNpy(bytes)).toThrow(failed);
  });

  it('answers 20,000 mutations with an array or a FedkitError', () => {
    const good = encodeNpy({ shape: [2, 3], type: 'F32', bytes: new Uint8Array(24) }, { order: 'Fortran' });
    const rng = seededRng(1);
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = good.slice(0, rng.below(4) === 0 ? rng.below(good.length + 1) : good.length);
      for (let j = rng.below(4); j >= 0 && bytes.length > 0; j--)
        bytes[rng.below(Math.min(bytes.length, 75))] = rng.uint32();
      try {
        decodeNpy(bytes);
      } catch (error) {
        expect(error).toEqual(failed);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(10_000);
  });

  it('refuses to write what NumPy has no code for, or bytes that do not fill the shape', () => {
    expect(() => encodeNpy({ shape: [1], type: 'F8_E4M3', bytes: new Uint8Array(1) })).toThrow(/type/);
    expect(() => encodeNpy({ shape: [2], type: 'F32', bytes: new Uint8Array(4) })).toThrow(/8 bytes/);
    expect(() => encodeNpy({ shape: [-1], type: 'F32', bytes: new Uint8Array(4) })).toThrow(/shape/);
  });
});
