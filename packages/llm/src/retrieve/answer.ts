/**
 * Answers from passages: what a search on the device found goes in front of the question, and a language model on the device reads it.
 * Lewis et al., "Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks", NeurIPS 2020, https://arxiv.org/abs/2005.11401, without
 * training through the search.
 *
 * @module
 */
import { checkInteger, refuse, checkOptions, type OptionNames } from '@fedkit/core/internal';
import { generate, type GenerateOptions } from '../generate/generate.ts';
import type { LanguageModel } from '../model/language-model.ts';
import { chatMl } from '../tokenizer/chat.ts';
import type { TextTokenizer } from '../tokenizer/tokenizer.ts';

/** A question, and what may be read for its answer. */
export interface PassageQuestion {
  readonly question: string;
  /** Best first. */
  readonly passages: readonly string[];
  /** What the model is told; default: to answer shortly, from the notes alone. */
  readonly instruction?: string;
}

/** What a model is given. */
export interface PassagePrompt {
  readonly tokens: readonly number[];
  /** Which passages it has, by their places in what was asked. */
  readonly used: readonly number[];
}

/** How an answer is made. */
export interface AnswerOptions extends PassageQuestion, Omit<GenerateOptions, 'stop'> {
  /** Tokens that end the answer; default `<|im_end|>`. */
  readonly stop?: readonly number[];
  /** Tokens of the prompt at most; default: what the context leaves. */
  readonly promptTokens?: number;
}

const OPTIONS: OptionNames<AnswerOptions> = {
  question: true,
  passages: true,
  instruction: true,
  maxTokens: true,
  promptTokens: true,
  stop: true,
  signal: true,
  temperature: true,
  topP: true,
  topK: true,
  rng: true,
};

/** An answer on its way. */
export interface PassageAnswer extends PassagePrompt {
  /** Pieces of whole characters, as they come; can be read once. */
  readonly text: AsyncIterable<string>;
}

const INSTRUCTION = 'Answer the question in one short sentence, with what the notes say and nothing else.';
const END = '<|im_end|>';

/**
 * The prompt of a chat model (ChatML): the passages as numbered notes, as many of them as fit, and the question. A passage that does not
 * fit any more is left out whole, and so is one that spells out a control token, with which a text could pose as somebody else's turn.
 *
 * @param mostTokens - Of the whole prompt.
 * @throws FedkitError `INVALID_ARGUMENT` for an empty question or control tokens in it; `OUT_OF_RANGE` where not one passage fits.
 */
export function passagePrompt(asked: PassageQuestion, tokenizer: TextTokenizer, mostTokens: number): PassagePrompt {
  const { question, passages, instruction = INSTRUCTION } = asked;
  checkInteger('passagePrompt: mostTokens', mostTokens, 1);
  if (question.trim() === '') refuse('INVALID_ARGUMENT', 'passagePrompt: question', 'a question', question);
  const tokensOf = (notes: readonly string[]) => {
    const content = `Notes:\n${notes.map((note, i) => `${i + 1}. ${note}\n`).join('')}\nQuestion: ${question}`;
    return tokenizer.encode(
      chatMl([
        { role: 'system', content: instruction },
        { role: 'user', content },
      ]),
    );
  };
  const used: number[] = [];
  let tokens: readonly number[] | undefined;
  for (const [i, passage] of passages.entries()) {
    if (/<\|im_(start|end)\|>/.test(passage)) continue;
    const longer = tokensOf([...used.map((place) => passages[place]), passage]);
    if (longer.length > mostTokens) continue;
    tokens = longer;
    used.push(i);
  }
  if (tokens === undefined) {
    refuse('OUT_OF_RANGE', 'passagePrompt: passages', `at least one that fits ${mostTokens} tokens`, passages.length);
  }
  return { tokens, used };
}

/**
 * Composes an answer. Question, passages and answer stay where this runs.
 *
 * A small model says wrong things also beside the right notes: show `used` with the answer.
 *
 * @param params - Shape [model.layout.size].
 * @throws FedkitError as {@link passagePrompt} and `generate`; `INVALID_ARGUMENT` for a tokenizer without `<|im_end|>` and no `stop`.
 */
export function answerFrom(
  model: LanguageModel,
  params: Float32Array,
  tokenizer: TextTokenizer,
  options: AnswerOptions,
): PassageAnswer {
  checkOptions('answerFrom', options, OPTIONS);
  const { question, passages, instruction, promptTokens, ...how } = options;
  const most = checkInteger('answerFrom: maxTokens', options.maxTokens, 1, model.context - 1);
  const room = model.context - most;
  const prompt = passagePrompt(
    { question, passages, ...(instruction !== undefined && { instruction }) },
    tokenizer,
    checkInteger('answerFrom: promptTokens', promptTokens ?? room, 1, room),
  );
  const stop = options.stop ?? endOf(tokenizer);
  return { ...prompt, text: piecesOf(generate(model, params, prompt.tokens, { ...how, stop }), tokenizer) };
}

function endOf(tokenizer: TextTokenizer): number[] {
  const end = tokenizer.token(END);
  if (end === undefined)
    refuse('INVALID_ARGUMENT', 'answerFrom: stop', `tokens, or a tokenizer that has ${END}`, 'none');
  return [end];
}

/** Text as it grows. A character may take several tokens: it is held back until it is whole. */
async function* piecesOf(tokens: AsyncIterable<number>, tokenizer: TextTokenizer): AsyncGenerator<string, void> {
  const all: number[] = [];
  let given = 0;
  const rest = (text: string) => text.slice(given);
  for await (const token of tokens) {
    all.push(token);
    const text = tokenizer.decode(all);
    if (text.endsWith('\uFFFD') || text.length <= given) continue;
    yield rest(text);
    given = text.length;
  }
  const text = tokenizer.decode(all);
  if (text.length > given) yield rest(text);
}
