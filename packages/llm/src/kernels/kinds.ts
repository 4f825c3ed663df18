/**
 * How frozen weights are kept.
 *
 * @module
 */
import { refuse } from '@fedkit/core/internal';

/**
 * Kinds of frozen weights: `f32`, `f16`, GGUF's `q4_0`, `q4_1` and `q8_0` (blocks of 32 with float16 scales), and `nf4`
 * (Dettmers et al., "QLoRA", NeurIPS 2023, https://arxiv.org/abs/2305.14314: normal-float codes, blocks of 64 with a
 * float32 scale).
 */
export type WeightKind = 'f32' | 'f16' | 'q4_0' | 'q4_1' | 'q8_0' | 'nf4';

interface Block {
  /** What kernels call it. */
  readonly code: number;
  /** Values in a block. */
  readonly values: number;
  /** Bytes of a block. */
  readonly bytes: number;
}

const BLOCKS: Readonly<Record<WeightKind, Block>> = {
  f32: { code: 0, values: 1, bytes: 4 },
  f16: { code: 1, values: 1, bytes: 2 },
  q4_0: { code: 2, values: 32, bytes: 18 },
  q4_1: { code: 3, values: 32, bytes: 20 },
  q8_0: { code: 4, values: 32, bytes: 34 },
  nf4: { code: 5, values: 64, bytes: 36 },
};

/** The block of a kind; `INVALID_ARGUMENT` for a kind that is not known. */
export function blockOf(where: string, kind: WeightKind): Block {
  const block = Object.hasOwn(BLOCKS, kind) ? BLOCKS[kind] : undefined;
  return block ?? refuse('INVALID_ARGUMENT', where, `one of ${Object.keys(BLOCKS).join(', ')}`, kind);
}

/** Bytes of a row of `columns` values, which must be whole blocks. */
export function rowBytes(kind: WeightKind, columns: number): number {
  const { values, bytes } = BLOCKS[kind];
  return (columns / values) * bytes;
}

/** {@link rowBytes} by a kernel's number of the kind. */
export function rowBytesOf(code: number, columns: number): number {
  const { values, bytes } = BY_CODE[code];
  return (columns / values) * bytes;
}

const BY_CODE: readonly Block[] = Object.values(BLOCKS);

/** Whether rows of `columns` values can be kept in this kind; `INVALID_ARGUMENT` for a kind that is not known. */
export function fits(where: string, kind: WeightKind, columns: number): boolean {
  return columns % blockOf(where, kind).values === 0;
}

/** The sixteen values of NF4: QLoRA, appendix E. */
export const NF4: Float32Array = Float32Array.of(
  -1,
  -0.6961928009986877,
  -0.5250730514526367,
  -0.39491748809814453,
  -0.28444138169288635,
  -0.18477343022823334,
  -0.09105003625154495,
  0,
  0.07958029955625534,
  0.16093020141124725,
  0.24611230194568634,
  0.33791524171829224,
  0.44070982933044434,
  0.5626170039176941,
  0.7229568362236023,
  1,
);
