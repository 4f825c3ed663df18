/**
 * Loading a base from a GGUF file.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { checkOptions, type OptionNames, describe } from '@fedkit/core/internal';
import type { LoadOptions } from '../load/options.ts';
import { checkedShape, inOrder, loadTensors, type StoredTensor } from '../load/stored.ts';
import { baseBuilder, type LanguageBase } from '../model/base.ts';
import { checkShape, type DecoderShape } from '../model/shape.ts';
import { tensorsOf } from '../model/tensors.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { FileReader } from '../source/file-reader.ts';
import { type GgufHeader, type GgufValue, MAX_GGUF_HEADER, parseGgufHeader } from './header.ts';
import { ggufType } from './types.ts';

/** A base with what else its file says. */
export interface GgufModel {
  readonly base: LanguageBase;
  /** Everything of the header, tokens and merges included. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
}

const NAMES: readonly (readonly [RegExp, string])[] = [
  [/^token_embd\./, 'model.embed_tokens.'],
  [/^output_norm\./, 'model.norm.'],
  [/^output\./, 'lm_head.'],
  [/^blk\.(\d+)\.attn_norm\./, 'model.layers.$1.input_layernorm.'],
  [/^blk\.(\d+)\.ffn_norm\./, 'model.layers.$1.post_attention_layernorm.'],
  [/^blk\.(\d+)\.attn_([qkv])\./, 'model.layers.$1.self_attn.$2_proj.'],
  [/^blk\.(\d+)\.attn_output\./, 'model.layers.$1.self_attn.o_proj.'],
  [/^blk\.(\d+)\.ffn_(gate|up|down)\./, 'model.layers.$1.mlp.$2_proj.'],
];

/**
 * Loads a decoder of the architectures `llama` (SmolLM2, TinyLlama, Llama 2, Mistral) or `qwen2` from a GGUF file of
 * version 2 or 3. F32, F16, Q4_0, Q4_1 and Q8_0 tensors stay as they are, in the memory that computes with them; Q5_0, Q5_1,
 * Q4_K, Q5_K and Q6_K become Q8_0.
 *
 * Everything is checked before memory for weights is taken: the header against the file's size, every tensor's place and
 * shape against the architecture. The file is read once, in ascending order, in pieces of 1 MiB.
 *
 * @throws FedkitError `DECODE_FAILED`, naming the place, for a truncated or lying file, an architecture, type or tensor that
 * is not read here, or weights that are not finite; `BUDGET_EXHAUSTED` if the memory does not suffice; `ABORTED`; whatever
 * the source throws.
 */
export async function loadGguf(source: ByteSource, options: LoadOptions = {}): Promise<GgufModel> {
  checkOptions('loadGguf', options, {
    kernels: true,
    threads: true,
    onProgress: true,
    signal: true,
  } satisfies OptionNames<typeof options>);
  const reader = new FileReader('loadGguf', source, options);
  const header = await readHeader(reader);
  const shape = checkedShape(() => checkShape('loadGguf', shapeOf(header)));
  const expected = new Map(tensorsOf(shape).map((spec) => [spec.name, spec.shape]));
  const stored = header.tensors.map(({ name, shape: own, type: number, offset }): StoredTensor => {
    const known = nameOf(name);
    const wanted = known === undefined ? undefined : expected.get(known);
    if (known === undefined || wanted === undefined) malformed(`tensor ${name}`, 'a tensor of this architecture', name);
    if (own.join() !== wanted.join()) malformed(`shape of ${name}`, `[${wanted.join(', ')}]`, `[${own.join(', ')}]`);
    const type = ggufType(name, number);
    return { name: known, type, shape: own, offset, kind: own.length === 1 ? 'f32' : type.kind };
  });
  const sorted = inOrder('loadGguf', stored, reader.size);
  const builder = baseBuilder('loadGguf', shape, new Map(stored.map(({ name, kind }) => [name, kind])), options);
  await loadTensors('loadGguf', reader, sorted, builder);
  return { base: builder.finish(), metadata: header.metadata };
}

async function readHeader(reader: FileReader): Promise<GgufHeader> {
  for (let length = 1 << 20; ; length *= 2) {
    const header = parseGgufHeader(await reader.head(Math.min(length, MAX_GGUF_HEADER)), reader.size);
    if (header !== undefined) return header;
  }
}

function nameOf(name: string): string | undefined {
  for (const [pattern, here] of NAMES) if (pattern.test(name)) return name.replace(pattern, here);
  return undefined;
}

function shapeOf({ metadata, tensors }: GgufHeader): DecoderShape {
  const architecture = metadata.get('general.architecture');
  if (architecture !== 'llama' && architecture !== 'qwen2') {
    malformed('general.architecture', 'llama or qwen2', architecture);
  }
  const key = (name: string) => `${architecture}.${name}`;
  const number = (name: string, otherwise?: number): number => {
    const value = metadata.get(key(name)) ?? otherwise;
    if (typeof value !== 'number') malformed(key(name), 'a number', value);
    return value;
  };
  const width = number('embedding_length');
  const heads = number('attention.head_count');
  const headWidth = number('attention.key_length', width / heads);
  const turned = number('rope.dimension_count', headWidth);
  if (turned !== headWidth) malformed(key('rope.dimension_count'), `all ${headWidth} values of a head`, turned);
  const scaling = metadata.get(key('rope.scaling.type')) ?? 'none';
  if (scaling !== 'none') malformed(key('rope.scaling.type'), 'none', scaling);
  if (number('expert_count', 0) !== 0) malformed(key('expert_count'), 'a dense model', number('expert_count'));
  const embedding = tensors.find(({ name }) => name === 'token_embd.weight');
  if (embedding === undefined) malformed('tensors', 'token_embd.weight', 'none');
  const context = number('context_length');
  return {
    vocabulary: embedding.shape[0],
    width,
    layers: number('block_count'),
    heads,
    keyValueHeads: number('attention.head_count_kv', heads),
    headWidth,
    hidden: number('feed_forward_length'),
    // Behind a sliding window attention would not be causal attention over everything; one of 0 is none.
    context: Math.min(context, number('attention.sliding_window', 0) || context),
    norm: 'rms',
    epsilon: number('attention.layer_norm_rms_epsilon'),
    feedForward: 'swiglu',
    positions: 'rotary',
    rotaryBase: number('rope.freq_base', 10_000),
    rotaryPairs: architecture === 'llama' ? 'interleaved' : 'halves',
    attentionBias: tensors.some(({ name }) => name === 'blk.0.attn_q.bias'),
    bias: false,
    tiedEmbeddings: !tensors.some(({ name }) => name === 'output.weight'),
  };
}

function malformed(where: string, expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `loadGguf: ${where}: expected ${expected}, got ${describe(got)}`);
}
