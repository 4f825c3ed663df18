/**
 * The way of texts through an encoder. Texts of any lengths go together without padding: products see the rows of all,
 * attention those of one.
 *
 * @module
 */
import { scratchFor } from '../kernels/contract.ts';
import { blockOf, rowBytesOf } from '../kernels/kinds.ts';
import type { Weights } from '../model/base.ts';
import { encoderBlock, type EncoderShape } from './shape.ts';

/**
 * States of the last block.
 *
 * @param texts - Token ids, checked; none is empty.
 * @returns Shape [Σ tokens, width], a view that holds until the next pass.
 */
export function encode(shape: EncoderShape, weights: Weights, texts: readonly ArrayLike<number>[]): Float32Array {
  const { memory, tensors } = weights;
  const { width, hidden, heads, layers, epsilon, activation } = shape;
  const rows = texts.reduce((sum, { length }) => sum + length, 0);
  const longest = texts.reduce((most, { length }) => Math.max(most, length), 0);
  const headWidth = width / heads;
  const scratchValues = Math.max(
    scratchFor(rows, hidden, width),
    scratchFor(rows, width, hidden),
    scratchFor(longest, longest, headWidth),
    scratchFor(longest, headWidth, longest),
  );
  let top = memory.workspace;
  const take = (values: number): number => {
    const at = top;
    top += 64 * Math.ceil(values / 16);
    return at;
  };
  const [x, y, q, k, v] = Array.from({ length: 5 }, () => take(rows * width));
  const [units, shares, stats] = [take(rows * hidden), take(longest * longest), take(2 * rows)];
  const scratch = take(scratchValues);
  memory.reserve(top - memory.workspace);
  const { kernels, floats } = memory;

  const place = (name: string) => {
    const { kind, at } = tensors.get(name) as { kind: Parameters<typeof blockOf>[1]; at: number };
    return { code: blockOf(name, kind).code, at };
  };
  const row = (name: string, index: number, to: number): void => {
    const { code, at } = place(name);
    kernels.expand(code, at + index * rowBytesOf(code, width), 0, 1, width, to);
  };
  const product = (name: string, from: number, inputs: number, to: number, outputs: number): void => {
    const { code, at } = place(`${name}.weight`);
    if (rows === 1) kernels.gemvQuantized(code, from, at, to, outputs, inputs, false, scratch);
    else kernels.gemmQuantized(code, from, inputs, at, to, outputs, rows, outputs, inputs, false, scratch);
    const bias = place(`${name}.bias`).at;
    for (let r = 0; r < rows; r++) kernels.add(to + 4 * r * outputs, bias, outputs);
  };
  /** x = norm of x + y. */
  const join = (name: string): void => {
    kernels.add(y, x, rows * width);
    const [gain, bias] = [place(`${name}.LayerNorm.weight`).at, place(`${name}.LayerNorm.bias`).at];
    kernels.layerNorm(y, gain, bias, x, stats, rows, width, epsilon);
  };

  let at = 0;
  for (const text of texts) {
    for (let t = 0; t < text.length; t++, at++) {
      row('embeddings.word_embeddings.weight', text[t], y + 4 * at * width);
      for (const [name, index] of [
        ['position', t],
        ['token_type', 0],
      ] as const) {
        row(`embeddings.${name}_embeddings.weight`, index, scratch);
        kernels.add(y + 4 * at * width, scratch, width);
      }
    }
  }
  floats.fill(0, x / 4, x / 4 + rows * width);
  join('embeddings');
  for (let layer = 0; layer < layers; layer++) {
    const block = encoderBlock(layer);
    product(`${block}attention.self.query`, x, width, q, width);
    product(`${block}attention.self.key`, x, width, k, width);
    product(`${block}attention.self.value`, x, width, v, width);
    let first = 0;
    for (const { length } of texts) {
      for (let h = 0; h < heads; h++) {
        const o = 4 * (first * width + h * headWidth);
        const scale = 1 / Math.sqrt(headWidth);
        kernels.gemm(
          q + o,
          width,
          false,
          k + o,
          width,
          true,
          shares,
          length,
          length,
          length,
          headWidth,
          scale,
          false,
          scratch,
        );
        kernels.softmax(shares, length, length, length, 0, scratch);
        kernels.gemm(
          shares,
          length,
          false,
          v + o,
          width,
          false,
          y + o,
          width,
          length,
          headWidth,
          length,
          1,
          false,
          scratch,
        );
      }
      first += length;
    }
    floats.copyWithin(q / 4, y / 4, y / 4 + rows * width);
    product(`${block}attention.output.dense`, q, width, y, width);
    join(`${block}attention.output`);
    product(`${block}intermediate.dense`, x, width, units, hidden);
    if (activation === 'gelu') kernels.gelu(units, units, rows * hidden);
    else kernels.geluErf(units, units, rows * hidden);
    product(`${block}output.dense`, units, hidden, y, width);
    join(`${block}output`);
  }
  return floats.subarray(x / 4, x / 4 + rows * width);
}
