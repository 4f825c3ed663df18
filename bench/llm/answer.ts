// `pnpm bench llm answer FOLDER FILE`: questions to a president, answered on his device: MiniLM and BM25 find passages, SmolLM2 reads
// them. Beside it what the same model says without them. FOLDER as for `retrieval`, FILE is SmolLM2's GGUF. Goes on where it stopped.
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryStore, seededRng } from '@fedkit/core';
import {
  adapt,
  answerFrom,
  bytesSource,
  chatMl,
  fileSource,
  fuseRankings,
  generate,
  lexicalIndex,
  loadEncoder,
  loadGguf,
  LocalIndex,
  lora,
} from '@fedkit/llm';
import { ggufTokenizer, jsonTokenizer } from '@fedkit/llm/tokenizer';
import { presidentTexts } from '../../examples/llm/presidents.ts';
import { writeResults } from '../shared/measure.ts';
import { KeptResults } from './kept-results.ts';

const SETTING = { president: 'John F Kennedy', words: 45, passages: 3, maxTokens: 32 } as const;

/** Written before any was asked. An answer is right if it has one of the words. */
const QUESTIONS: readonly (readonly [question: string, ...words: readonly string[]])[] = [
  ['How many adult Americans are functionally illiterate?', 'eight million', '8 million'],
  ['How much is the special long-term Alliance for Progress fund?', '$3 billion', 'three billion'],
  ['How many miles from our shores is Cuba?', '90', 'ninety'],
  ['How many Peace Corps volunteers were on the job a year ago?', '900'],
  ['By how much will the permanent reduction in tax rates lower liabilities?', '13.5'],
  ['How many Americans live in substandard homes?', '25 million'],
  ['How many months of uninterrupted economic recovery has America enjoyed?', '22'],
  ['By what percent did we increase the previous defense budget?', '15'],
  ['What does the annual cost per college student average?', '1,650'],
  ['How many school books has the Alliance for Progress distributed?', '1.5 million'],
];

/** What was said. */
interface Said {
  readonly question: string;
  readonly found: string;
  readonly answer: string;
  readonly alone: string;
  /** Whether the passages hold the answer, and whether it was given with and without them. */
  readonly right: { readonly found: number; readonly answer: number; readonly alone: number };
}

/** Prints and stores questions and answers. */
export async function compareAnswers(folder: string, file: string): Promise<void> {
  const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown;
  const words = jsonTokenizer(json('tokenizer.json') as never);
  const [first, last] = [words.token('[CLS]') as number, words.token('[SEP]') as number];
  const encoder = await loadEncoder(bytesSource(readFileSync(join(folder, 'model.safetensors'))), json('config.json'));
  const handle = await open(file);
  const { base, metadata } = await loadGguf(await fileSource(handle));
  await handle.close();
  const tokenizer = ggufTokenizer(metadata);
  const model = adapt(base, lora({ rank: 8, targets: ['q_proj', 'v_proj'] }));
  const params = model.init(seededRng(1));

  const { text = '' } = presidentTexts().find(({ name }) => name === SETTING.president) ?? {};
  const all = text.split(/\s+/);
  const passages = Array.from({ length: Math.ceil(all.length / SETTING.words) }, (_, i) =>
    all.slice(i * SETTING.words, (i + 1) * SETTING.words + 15).join(' '),
  );
  const kept = new KeptResults<Said>('llm-answer', { SETTING, QUESTIONS });
  const termsOf = (own: string) => own.toLowerCase().match(/[a-z0-9']+/g) ?? [];
  const lexical = lexicalIndex(passages.map(termsOf));
  let index: LocalIndex | undefined;
  const tokensOf = (own: string) => [first, ...words.encode(own), last];
  const search = async (question: string): Promise<string[]> => {
    if (index === undefined) {
      index = await LocalIndex.open(memoryStore(), { digest: 'MiniLM', embed: (texts) => encoder.embed(texts) });
      for (const [i, passage] of passages.entries()) await index.add(`${i}`, tokensOf(passage));
    }
    const cosines = new Float64Array(passages.length);
    for (const { id, score } of index.search(tokensOf(question), passages.length)) cosines[Number(id)] = score;
    const scores = fuseRankings([lexical.scores(termsOf(question)), cosines]);
    const order = [...passages.keys()].sort((a, b) => scores[b] - scores[a] || a - b);
    return order.slice(0, SETTING.passages).map((i) => passages[i]);
  };

  const said: Said[] = [];
  for (const [question, ...right] of QUESTIONS) {
    const one = await kept.part(question, async () => {
      const found = await search(question);
      const { maxTokens } = SETTING;
      let answer = '';
      for await (const piece of answerFrom(model, params, tokenizer, { question, passages: found, maxTokens }).text) {
        answer += piece;
      }
      const tokens: number[] = [];
      const prompt = tokenizer.encode(
        chatMl([
          { role: 'system', content: 'Answer the question in one short sentence.' },
          { role: 'user', content: question },
        ]),
      );
      const stop = [tokenizer.token('<|im_end|>') as number];
      for await (const token of generate(model, params, prompt, { maxTokens, stop })) tokens.push(token);
      const alone = tokenizer.decode(tokens);
      const has = (own: string) => Number(right.some((word) => own.toLowerCase().includes(word)));
      return {
        question,
        found: found[0],
        answer,
        alone,
        right: { found: has(found.join(' ')), answer: has(answer), alone: has(alone) },
      };
    });
    said.push(one);
    console.log(`${question}\n  from passages: ${one.answer}\n  without: ${one.alone}\n`);
  }
  const count = (which: keyof Said['right']) => said.reduce((sum, { right }) => sum + right[which], 0);
  const right = { found: count('found'), answer: count('answer'), alone: count('alone') };
  console.log(
    `of ${said.length} answers the passages held ${right.found}, the model gave ${right.answer}, without passages ${right.alone}`,
  );
  writeResults('llm-answer', { setting: SETTING, right, said });
}
