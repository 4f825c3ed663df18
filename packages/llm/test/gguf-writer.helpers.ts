/** A writer of GGUF files, honest or not, for tests. */
export class GgufWriter {
  readonly #parts: Uint8Array[] = [];

  u8(value: number): this {
    return this.raw(Uint8Array.of(value));
  }

  u32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return this.raw(bytes);
  }

  u64(value: number | bigint): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
    return this.raw(bytes);
  }

  f32(value: number): this {
    return this.raw(new Uint8Array(Float32Array.of(value).buffer));
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.u64(bytes.length).raw(bytes);
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  /** Magic, version 3, and the two counts. */
  head(tensors: number | bigint, entries: number | bigint): this {
    return this.raw(new TextEncoder().encode('GGUF')).u32(3).u64(tensors).u64(entries);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#parts.flatMap((part) => [...part]));
  }
}

/** Settings of a tiny Llama in a file; a number is a uint32, a string a string. */
export function tinyMetadata(more: Record<string, number | string> = {}): Record<string, number | string> {
  return {
    'general.architecture': 'llama',
    'llama.context_length': 16,
    'llama.embedding_length': 4,
    'llama.block_count': 1,
    'llama.feed_forward_length': 6,
    'llama.attention.head_count': 2,
    'llama.attention.head_count_kv': 1,
    ...more,
  };
}

/** A tensor in the order of the file, columns first, with float32 data of zeros. */
export interface TinyTensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly type?: number;
  readonly offset?: number;
}

/** The tensors of {@link tinyMetadata}'s model. */
export function tinyTensors(): TinyTensor[] {
  const of = (name: string, ...dimensions: number[]) => ({ name: `${name}.weight`, dimensions });
  return [
    of('token_embd', 4, 7),
    of('output_norm', 4),
    of('blk.0.attn_norm', 4),
    of('blk.0.ffn_norm', 4),
    of('blk.0.attn_q', 4, 4),
    of('blk.0.attn_k', 4, 2),
    of('blk.0.attn_v', 4, 2),
    of('blk.0.attn_output', 4, 4),
    of('blk.0.ffn_gate', 4, 6),
    of('blk.0.ffn_up', 4, 6),
    of('blk.0.ffn_down', 6, 4),
  ];
}

/** A file of them, every tensor aligned to 32 bytes. */
export function tinyFile(
  metadata: Record<string, number | string> = tinyMetadata(),
  tensors: readonly TinyTensor[] = tinyTensors(),
  lists: Record<string, readonly string[]> = {},
): Uint8Array {
  const entries = Object.entries(metadata);
  const texts = Object.entries(lists);
  const writer = new GgufWriter().head(tensors.length, entries.length + texts.length + 1);
  for (const [key, list] of texts) {
    // An array of strings.
    writer.text(key).u32(9).u32(8).u64(list.length);
    for (const text of list) writer.text(text);
  }
  for (const [key, value] of entries) {
    writer.text(key);
    if (typeof value === 'string') writer.u32(8).text(value);
    else writer.u32(4).u32(value);
  }
  writer.text('llama.attention.layer_norm_rms_epsilon').u32(6).f32(1e-5);
  let offset = 0;
  for (const { name, dimensions, type = 0, offset: stated } of tensors) {
    writer.text(name).u32(dimensions.length);
    for (const length of dimensions) writer.u64(length);
    writer.u32(type).u64(stated ?? offset);
    offset += 32 * Math.ceil((4 * dimensions.reduce((a, b) => a * b, 1)) / 32);
  }
  const header = writer.bytes();
  return new GgufWriter()
    .raw(header)
    .raw(new Uint8Array(32 * Math.ceil(header.length / 32) - header.length))
    .raw(new Uint8Array(Math.min(offset, 1 << 16)))
    .bytes();
}
