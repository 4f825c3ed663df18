import { isFedkitError, seededRng } from '@fedkit/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelVectors } from '../../test/vectors.helpers.ts';
import { bytesSource } from '../source/byte-source.ts';
import { MAX_GGUF_HEADER, parseGgufHeader } from './header.ts';
import { loadGguf } from './load.ts';
import { GgufWriter, tinyFile, tinyMetadata, tinyTensors } from '../../test/gguf-writer.helpers.ts';

const load = (bytes: Uint8Array) => loadGguf(bytesSource(bytes), { kernels: 'plain' });
const changed = (name: string, more: object) =>
  tinyFile(
    tinyMetadata(),
    tinyTensors().map((tensor) => (tensor.name.startsWith(name) ? { ...tensor, ...more } : tensor)),
  );
const entry = (type: number) => new GgufWriter().head(0, 1).text('a').u32(type);

describe('hostile GGUF files', () => {
  it('are told from an honest one', async () => {
    const { base, metadata } = await load(tinyFile());
    expect(base.shape).toMatchObject({ vocabulary: 7, width: 4, keyValueHeads: 1, headWidth: 2, tiedEmbeddings: true });
    expect(metadata.get('general.architecture')).toBe('llama');
  });

  it('name a tensor of five dimensions before its shape is compared', async () => {
    const five = changed('blk.0.attn_q', { dimensions: [4, 4, 1, 1, 1] });
    await expect(load(five)).rejects.toThrow(/dimensions of blk\.0\.attn_q\S*: expected 1 to 4, got 5/);
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['another magic', new TextEncoder().encode('GGML'.padEnd(64))],
    ['big-endian', new GgufWriter().raw(new TextEncoder().encode('GGUF')).u32(0x03000000).u64(0).u64(0).bytes()],
    ['version 1', new GgufWriter().raw(new TextEncoder().encode('GGUF')).u32(1).u64(0).u64(0).bytes()],
    ['2^63 tensors', new GgufWriter().head(2n ** 63n, 0).bytes()],
    ['more tensors than bytes', new GgufWriter().head(60_000, 0).bytes()],
    ['more entries than bytes', new GgufWriter().head(0, 60_000).bytes()],
    [
      'a string of 2^40 bytes',
      entry(8)
        .u64(2 ** 40)
        .bytes(),
    ],
    [
      'an array of 2^40 bytes',
      entry(9)
        .u32(0)
        .u64(2 ** 40)
        .bytes(),
    ],
    ['an array of an unknown type', entry(9).u32(77).u64(1).bytes()],
    [
      'arrays nine deep',
      Array.from({ length: 9 })
        .reduce<GgufWriter>((w) => w.u32(9).u64(1), entry(9))
        .bytes(),
    ],
    ['an unknown type', entry(13).u64(1).bytes()],
    ['a key twice', new GgufWriter().head(0, 2).text('a').u32(0).u8(1).text('a').u32(0).u8(1).bytes()],
    ['an empty key', new GgufWriter().head(0, 1).text('').u32(0).u8(1).bytes()],
    ['text that is not UTF-8', entry(8).u64(2).raw(Uint8Array.of(0xff, 0xfe)).bytes()],
    ['an alignment of 0', tinyFile(tinyMetadata({ 'general.alignment': 0 }))],
    ['another architecture', tinyFile(tinyMetadata({ 'general.architecture': 'gemma' }))],
    ['10^9 blocks', tinyFile(tinyMetadata({ 'llama.block_count': 1e9 }))],
    ['no block', tinyFile(tinyMetadata({ 'llama.block_count': 0 }))],
    ['heads that do not go together', tinyFile(tinyMetadata({ 'llama.attention.head_count_kv': 3 }))],
    ['heads that turn in part', tinyFile(tinyMetadata({ 'llama.rope.dimension_count': 1 }))],
    ['stretched positions', tinyFile(tinyMetadata({ 'llama.rope.scaling.type': 'yarn' }))],
    ['experts', tinyFile(tinyMetadata({ 'llama.expert_count': 4 }))],
    ['a tensor of another shape', changed('blk.0.attn_q', { dimensions: [4, 5] })],
    ['a tensor of five dimensions', changed('blk.0.attn_q', { dimensions: [4, 4, 1, 1, 1] })],
    ['a tensor of 2^63 values', changed('blk.0.attn_q', { dimensions: [2 ** 40, 2 ** 40] })],
    ['an empty tensor', changed('blk.0.attn_q', { dimensions: [4, 0] })],
    ['a tensor behind the end', changed('blk.0.attn_q', { offset: 1 << 20 })],
    ['a tensor on another', changed('blk.0.attn_q', { offset: 0 })],
    ['a tensor askew', changed('blk.0.attn_q', { offset: 9 })],
    ['a type that is not read', changed('blk.0.attn_q', { type: 10 })],
    ['rows of parts of blocks', changed('blk.0.attn_q', { type: 8 })],
    ['a tensor missing', tinyFile(tinyMetadata(), tinyTensors().slice(0, -1))],
    ['a tensor twice', tinyFile(tinyMetadata(), [...tinyTensors(), tinyTensors()[4]])],
    ['a tensor too many', tinyFile(tinyMetadata(), [...tinyTensors(), { name: 'rope_freqs.weight', dimensions: [1] }])],
  ])('are refused: %s', async (_, bytes) => {
    await expect(load(bytes)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
  });

  it('are told from honest ones that say more', async () => {
    const header = new GgufWriter()
      .head(0, 2)
      .text('a')
      .u32(10)
      .u64(2n ** 64n - 1n)
      .text('b')
      .u32(11)
      .u64(2n ** 63n);
    const bytes = header.bytes();
    expect([...(parseGgufHeader(bytes, bytes.length)?.metadata ?? [])]).toEqual([
      ['a', 2 ** 64],
      ['b', -(2 ** 63)],
    ]);
    const windowless = await load(tinyFile(tinyMetadata({ 'llama.attention.sliding_window': 0 })));
    expect(windowless.base.shape.context).toBe((await load(tinyFile())).base.shape.context);
  });

  it('of tensors of 2^40 values are read, and of more refused, before a value is', () => {
    const header = (dimensions: readonly number[]) => {
      const file = changed('blk.0.attn_q', { dimensions });
      return parseGgufHeader(file, file.length);
    };
    expect(header([2 ** 20, 2 ** 20])?.tensors.find(({ name }) => name.startsWith('blk.0.attn_q'))?.shape).toEqual([
      2 ** 20,
      2 ** 20,
    ]);
    expect(() => header([2 ** 20, 2 ** 20 + 1])).toThrow(/between 1 and 2\^40 values/);
  });

  it('with weights that are not finite are refused', async () => {
    const file = tinyFile();
    file.set(new Uint8Array(Float32Array.of(Number.NaN).buffer), file.length - 96);
    await expect(load(file)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    const [, , quantized] = modelVectors();
    const { tensors } = parseGgufHeader(quantized.file, quantized.file.length) ?? { tensors: [] };
    // Scales of Q8_0, Q4_0, Q4_1 and its minimum, and a float16 weight.
    for (const [name, at] of [
      ['token_embd', 0],
      ['blk.0.attn_k', 0],
      ['blk.0.attn_output', 0],
      ['blk.0.attn_output', 2],
      ['blk.0.attn_q', 8],
    ] as const) {
      const bytes = quantized.file.slice();
      const tensor = tensors.find((own) => own.name === `${name}.weight`);
      bytes.set([0, 0x7c], (tensor?.offset ?? 0) + at);
      await expect(load(bytes), `${name} at ${at}`).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    }
  });

  it('with a byte changed anywhere load or are refused by name, and never take what they do not need', async () => {
    const file = tinyFile();
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), async (place, value) => {
        const bytes = file.slice();
        bytes[place] = value;
        await load(bytes).catch((error: unknown) => {
          if (!isFedkitError(error)) throw error;
          expect(['DECODE_FAILED', 'BUDGET_EXHAUSTED']).toContain(error.code);
        });
      }),
      { numRuns: 200 },
    );
  });

  it('of random bytes behind the magic are refused', async () => {
    const rng = seededRng(4);
    for (let i = 0; i < 200; i++) {
      const writer = new GgufWriter().head(rng.below(4), rng.below(4));
      for (let j = 0; j < 60; j++) writer.u32(rng.below(30));
      await expect(load(writer.bytes())).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    }
  });

  it('whose header does not end are read to a limit', async () => {
    const head = new GgufWriter()
      .head(1, 1)
      .text('a')
      .u32(8)
      .u64(MAX_GGUF_HEADER - 50)
      .bytes();
    let most = 0;
    const source = {
      size: 2 ** 40,
      read: async (offset: number, length: number) => {
        most = Math.max(most, offset + length);
        const bytes = new Uint8Array(length);
        if (offset === 0) bytes.set(head.subarray(0, length));
        return bytes;
      },
    };
    await expect(loadGguf(source)).rejects.toMatchObject({ code: 'DECODE_FAILED' });
    expect(most).toBe(MAX_GGUF_HEADER);
  });
});
