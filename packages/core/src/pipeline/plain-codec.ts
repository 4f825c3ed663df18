/**
 * Updates as they are: the codec of whoever names none.
 *
 * @module
 */
import { isFiniteVector } from '../finite.ts';
import { joined } from '../bytes.ts';
import { checkVector, refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import { type Contraction, EXACT, type Guaranteed } from '../codec/guarantee.ts';
import { beginFormat, openFormat } from '../format.ts';

const FORMAT = { letter: 0x66, what: 'plain float32', version: 1 };

/**
 * Float32 as it is, little-endian, after `66 6b 66 01` and the number of values (uint32). Decoding hands on whatever values
 * there are: a mean refuses those that are not finite, a robust rule sets their client aside.
 */
export const plainCodec: Codec<'perClient'> & Guaranteed<Contraction> = {
  kind: 'plain-float32',
  linearity: 'perClient',
  unbiased: true,
  guarantee: EXACT,
  encode(values) {
    checkVector('plain-float32.encode: values', values);
    if (!isFiniteVector(values)) refuse('OUT_OF_RANGE', 'plain-float32.encode: values', 'finite numbers', 'others');
    return joined(plainParts(values));
  },
  decode(bytes, context = {}) {
    const body = plainBody(bytes, context.expectedSize).slice();
    return new Float32Array(body.buffer);
  },
  // Servers visit it by stretches: `visitSteps`.
  visit(bytes, sink, context) {
    sink.dense(0, plainCodec.decode(bytes, context));
  },
};

/** What {@link plainCodec} makes of finite values, without a copy: the second part is a view of them. */
export function plainParts(values: Float32Array): readonly [head: Uint8Array, body: Uint8Array] {
  const body = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return [beginFormat(FORMAT).uint32(values.length).finish(), body];
}

/** The values of an encoding, as bytes. @throws FedkitError `DECODE_FAILED`. */
export function plainBody(bytes: Uint8Array, expectedSize: number | undefined): Uint8Array {
  const { reader } = openFormat('plain-float32.decode', bytes, FORMAT);
  const size = reader.uint32();
  if (expectedSize !== undefined && size !== expectedSize) reader.refuse(`${expectedSize} values`, `${size}`);
  if (reader.remaining !== 4 * size) reader.refuse(`${4 * size} bytes of values`, `${reader.remaining}`);
  return reader.bytes(4 * size);
}
