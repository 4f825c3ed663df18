/**
 * A codec of one's own: bfloat16, the upper half of a float32, rounded to nearest with ties to even. `66 62 31`, the number of
 * values (uint32), then two bytes each.
 *
 * @module
 */
import type { Codec, Contraction, DecodeContext, Guaranteed } from '@fedkit/core/codec';
import { ByteReader, ByteWriter, checkBytes, checkFinite, isFiniteVector } from '@fedkit/core/extend';

const MAGIC = Uint8Array.of(0x66, 0x62, 0x31);

function decode(bytes: Uint8Array, { expectedSize }: Partial<DecodeContext> = {}): Float32Array {
  const reader = new ByteReader('bfloat16.decode', checkBytes('bfloat16.decode: bytes', bytes));
  if (reader.bytes(3).some((byte, i) => byte !== MAGIC[i])) reader.refuse('bfloat16 values', 'other bytes');
  const size = reader.uint32();
  if (expectedSize !== undefined && size !== expectedSize) reader.refuse(`${expectedSize} values`, `${size}`);
  if (reader.remaining !== 2 * size) reader.refuse(`${2 * size} bytes`, `${reader.remaining}`);
  const bits = Uint32Array.from({ length: size }, () => (reader.uint8() | (reader.uint8() << 8)) << 16);
  const values = new Float32Array(bits.buffer);
  return isFiniteVector(values) ? values : reader.refuse('finite values', 'others');
}

/** bfloat16: half the bytes, a relative error of at most 2^−8. */
export const bfloat16: Codec<'perClient'> & Guaranteed<Contraction> = {
  kind: 'bfloat16',
  linearity: 'perClient',
  unbiased: false,
  // What error feedback goes by: a relative error below 2^-7, and an absolute one below float32's normal range.
  guarantee: { kind: 'contraction', delta: () => 1 - 2 ** -14, error: 2 ** -133, pathwise: true },
  encode(values) {
    const bits = new Uint32Array(checkFinite('bfloat16.encode: values', values).slice().buffer);
    const writer = new ByteWriter().bytes(MAGIC).uint32(values.length);
    // What would round up to infinity keeps its largest finite form.
    for (const own of bits) {
      const rounded = (own + 0x7fff + ((own >>> 16) & 1)) >>> 16;
      const half = (rounded & 0x7f80) === 0x7f80 ? own >>> 16 : rounded;
      writer.uint8(half & 0xff).uint8(half >>> 8);
    }
    return writer.finish();
  },
  decode,
  visit: (bytes, sink, context) => sink.dense(0, decode(bytes, context)),
};
