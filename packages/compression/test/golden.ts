/** The messages that docs/wire-format.md fixes: a codec of every kind, on inputs anyone can write down. */
import { CODECS, contextOf } from './support.ts';

export interface GoldenVector {
  readonly codec: string;
  readonly kind: string;
  /** Name of the input below. */
  readonly input: string;
  readonly bytes: string;
  /** Float32 bit patterns of the decoded values, big-endian hexadecimal, eight digits each. */
  readonly decoded: string;
}

/** Exact in float32, no transcendental function: a ramp with a few outliers, two values, none. */
export const GOLDEN_INPUTS: Record<string, Float32Array> = {
  ramp: Float32Array.from({ length: 70 }, (_, i) => (((i * 37) % 71) - 35) / (i % 9 === 0 ? 2 : 32)),
  two: Float32Array.of(-1.5, 0.25),
  empty: new Float32Array(0),
};

export const GOLDEN_CONTEXT = contextOf('golden');

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
export const fromHex = (digits: string): Uint8Array =>
  Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));

export function goldenVectors(): GoldenVector[] {
  return Object.entries(CODECS).flatMap(([name, codec]) =>
    Object.entries(GOLDEN_INPUTS).map(([input, values]) => {
      const bytes = codec.encode(values, contextOf('golden'));
      return {
        codec: name,
        kind: codec.kind,
        input,
        bytes: hex(bytes),
        decoded: bitPatterns(codec.decode(bytes, GOLDEN_CONTEXT)),
      };
    }),
  );
}

export function bitPatterns(values: Float32Array): string {
  return Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), (word) =>
    word.toString(16).padStart(8, '0'),
  ).join('');
}
