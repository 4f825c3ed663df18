/**
 * Text to tokens and back, with the tokenizer that a model was published with.
 *
 * @module
 */
import { Tokenizer } from '@huggingface/tokenizers';
import { FedkitError } from '@fedkit/core';
import { describe } from '@fedkit/core/internal';
import type { GgufValue } from '../gguf/header.ts';

/** A tokenizer. */
export interface TextTokenizer {
  /** Tokens of `text`; control tokens that it spells out, such as `<|im_end|>`, are one token each. */
  encode(text: string): number[];
  /** Text of `tokens`, control tokens spelled out. */
  decode(tokens: readonly number[]): string;
  /** The token that is spelled so, if there is one. */
  token(spelling: string): number | undefined;
}

/**
 * The tokenizer of a `tokenizer.json`, as Hugging Face's checkpoints have it; nothing is added in front or behind.
 *
 * @param json - The parsed file.
 * @throws FedkitError `DECODE_FAILED` for one that cannot be read.
 */
export function jsonTokenizer(json: object): TextTokenizer {
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(json, {});
  } catch (cause) {
    throw new FedkitError('DECODE_FAILED', `jsonTokenizer: ${(cause as Error).message}`, { cause });
  }
  return {
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: (tokens) => tokenizer.decode([...tokens], { skip_special_tokens: false }),
    token: (spelling) => tokenizer.token_to_id(spelling),
  };
}

const BYTES = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const QWEN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/** How text is cut before merging, by the name that llama.cpp gives it. */
const SPLITS: Readonly<Record<string, object>> = {
  default: BYTES,
  'gpt-2': BYTES,
  smollm: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, BYTES] },
  qwen2: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: QWEN }, behavior: 'Isolated', invert: false },
      { ...BYTES, use_regex: false },
    ],
  },
};

/** Types of tokens in a GGUF file that are taken whole wherever text spells them. */
const WHOLE = new Set([3, 4]);

/**
 * The tokenizer that a GGUF file carries: byte-level BPE, as GPT-2, SmolLM2 and Qwen 2 have it. For others take the model's
 * `tokenizer.json` and {@link jsonTokenizer}.
 *
 * @throws FedkitError `DECODE_FAILED`, by name, for another kind of tokenizer or lists that do not go together.
 */
export function ggufTokenizer(metadata: ReadonlyMap<string, GgufValue>): TextTokenizer {
  const model = metadata.get('tokenizer.ggml.model');
  if (model !== 'gpt2') malformed('tokenizer.ggml.model', 'gpt2, which is byte-level BPE', model);
  const split = metadata.get('tokenizer.ggml.pre') ?? 'default';
  if (typeof split !== 'string' || !Object.hasOwn(SPLITS, split)) {
    malformed('tokenizer.ggml.pre', Object.keys(SPLITS).join(', '), split);
  }
  const tokens = strings(metadata, 'tokenizer.ggml.tokens');
  const merges = strings(metadata, 'tokenizer.ggml.merges');
  const types = metadata.get('tokenizer.ggml.token_type') ?? [];
  const vocabulary = new Map(tokens.map((token, id) => [token, id]));
  if (vocabulary.size !== tokens.length) malformed('tokenizer.ggml.tokens', 'tokens that differ', 'equal ones');
  for (const merge of merges) {
    const [left, right, ...more] = merge.split(' ');
    if (more.length > 0 || right === undefined || !vocabulary.has(left + right)) {
      malformed('tokenizer.ggml.merges', 'two parts of a token', merge);
    }
  }
  const added = tokens.flatMap((content, id) =>
    Array.isArray(types) && WHOLE.has(types[id] as number)
      ? [{ id, content, special: types[id] === 3, single_word: false, lstrip: false, rstrip: false, normalized: false }]
      : [],
  );
  return jsonTokenizer({
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: SPLITS[split],
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary),
      merges: merges.map((merge) => merge.split(' ')),
    },
  });
}

function strings(metadata: ReadonlyMap<string, GgufValue>, key: string): readonly string[] {
  const value = metadata.get(key);
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
    malformed(key, 'an array of strings', value);
  return value as readonly string[];
}

function malformed(where: string, expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `ggufTokenizer: ${where}: expected ${expected}, got ${describe(got)}`);
}
