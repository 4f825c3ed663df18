/**
 * The element types that a safetensors file may hold.
 * Source: https://github.com/huggingface/safetensors, enum `Dtype` of version 0.8.
 *
 * @module
 */

/** The types that a model's values are read from and written as. */
export type FloatType = 'F32' | 'F16' | 'BF16';

/** Bits of one element, of every type of the format. Those below a byte fill whole bytes together or are refused. */
export const BITS_OF: Readonly<Record<string, number>> = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E5M2FNUZ: 8,
  F8_E4M3FNUZ: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  F64: 64,
  I64: 64,
  U64: 64,
  C64: 64,
};

/** Bits of one element of `type`, undefined for what is no type of the format. */
export function bitsOf(type: unknown): number | undefined {
  return typeof type === 'string' && Object.hasOwn(BITS_OF, type) ? BITS_OF[type] : undefined;
}

/** True for the types whose values become a model's float32. */
export function isFloatType(type: unknown): type is FloatType {
  return type === 'F32' || type === 'F16' || type === 'BF16';
}
