/**
 * Text to tokens and back, with the tokenizer that a model was published with.
 *
 * @module
 */
import { Tokenizer } from '@huggingface/tokenizers';
import { FedkitError } from '@fedkit/core';
import { describe } from '@fedkit/core/internal';
import type { GgufValue } from '../gguf/header.ts';
import { MergeRanks } from './merge-ranks.ts';

const AS_THEY_ARE = { skip_special_tokens: false, clean_up_tokenization_spaces: false };

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
  return textTokenizer(tokenizer);
}

function textTokenizer(tokenizer: Tokenizer): TextTokenizer {
  return {
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    // Of no tokens the library makes an error, and of " ." a point alone, unless it is told.
    decode: (tokens) => (tokens.length === 0 ? '' : tokenizer.decode([...tokens], AS_THEY_ARE)),
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

/** What a `tokenizer.json` says of byte-level BPE, its tokens and merges left out. */
const BYTE_PAIRS = {
  version: '1.0',
  truncation: null,
  padding: null,
  normalizer: null,
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
    vocab: {},
    merges: [],
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
  const vocabulary = new Map<string, number>();
  tokens.forEach((token, id) => vocabulary.set(token, id));
  if (vocabulary.size !== tokens.length) malformed('tokenizer.ggml.tokens', 'tokens that differ', 'equal ones');
  const ranks = new MergeRanks();
  merges.forEach((merge, rank) => {
    const space = merge.indexOf(' ');
    if (space < 0 || merge.includes(' ', space + 1) || !vocabulary.has(merge.replace(' ', ''))) {
      malformed('tokenizer.ggml.merges', 'two parts of a token', merge);
    }
    ranks.set(merge, rank);
  });
  const added: object[] = [];
  (Array.isArray(types) ? types : []).slice(0, tokens.length).forEach((type, id) => {
    if (!WHOLE.has(type as number)) return;
    const how = { special: type === 3, single_word: false, lstrip: false, rstrip: false, normalized: false };
    added.push({ id, content: tokens[id], ...how });
  });
  const tokenizer = new Tokenizer({ ...BYTE_PAIRS, added_tokens: added, pre_tokenizer: SPLITS[split] }, {});
  // Handed in as they are: made of a `tokenizer.json`, the library would hold tokens and merges in forms of its own, 15 MB more.
  Object.assign(tokenizer.model as object, { tokens_to_ids: vocabulary, vocab: tokens, bpe_ranks: ranks });
  return textTokenizer(tokenizer);
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
