import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sparseLoCo } from '@fedkit/compression';
import { Layout, seededRng } from '@fedkit/core';
import { normal } from '@fedkit/core/math';
import { adapt, freeze, lora, transformer } from '@fedkit/llm';
import type { TextTokenizer } from '@fedkit/llm/tokenizer';
import { describe, expect, it } from 'vitest';
import { runSmollm, SMOLLM_ARMS, SMOLLM_SETTING, tokenAuthors } from './smollm.ts';

const small = transformer({ vocabulary: 200, width: 16, layers: 1, heads: 2, context: 64 });
const base = freeze(small, small.init(seededRng(1)), { kind: 'f16' });
const model = adapt(base, lora({ rank: 2, targets: ['q_proj', 'v_proj'] }));
/** Two letters are a token. */
const tokenizer: TextTokenizer = {
  encode: (text) => Array.from({ length: Math.ceil(text.length / 2) }, (_, i) => (text.charCodeAt(2 * i) + i) % 200),
  decode: (tokens) => tokens.map(() => 'ab').join(''),
  token: () => undefined,
};
const setting = { ...SMOLLM_SETTING, authors: 2, train: 3, test: 1, rounds: 3, steps: 2 };
const texts = ['one', 'two', 'three'].map((name) => ({ name, text: `${name} says this and that. `.repeat(60) }));
const authors = tokenAuthors([{ name: 'short', text: 'too short' }, ...texts], tokenizer, setting);

describe('the federation over a published model', () => {
  it('leaves out authors of few words, and knows how many bytes tokens stand for', () => {
    expect(authors.map(({ name }) => name)).toEqual(['one', 'two']);
    for (const { test, testBytes } of authors) {
      expect(testBytes).toBe(2 * test.targets.filter((target) => target >= 0).length);
    }
  });

  it('goes on where it was interrupted, to the same end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedkit-smollm-'));
    try {
      const run = async (name: string, say: (line: string) => void, signal: AbortSignal) =>
        runSmollm({ model, tokenizer }, authors, setting, join(folder, name), say, signal);
      const whole = await run('whole', () => {}, new AbortController().signal);
      expect(whole.map(({ name }) => name)).toEqual([...SMOLLM_ARMS]);
      const said: string[] = [];
      let found: typeof whole | undefined;
      // Stopped after every line that is said, until nothing is left.
      for (let lives = 0; found === undefined && lives < 40; lives++) {
        const controller = new AbortController();
        const stop = (line: string) => {
          said.push(line);
          if (!line.endsWith('before')) controller.abort(new Error('interrupted'));
        };
        found = await run('parts', stop, controller.signal).catch((error: Error) => {
          expect(error.message).toContain('interrupted');
          return undefined;
        });
      }
      const plain = (results: typeof whole | undefined) => results?.map((result) => ({ ...result, seconds: 0 }));
      expect(plain(found)).toEqual(plain(whole));
      for (let round = 1; round <= setting.rounds; round++) {
        const lines = said.filter((line) => line.startsWith(`federated: round ${round},`));
        expect(lines.length, `round ${round} was trained once`).toBe(1);
      }
      const [, , federated, eden] = whole;
      expect(federated.bytesUp).toBe(4 * model.layout.size);
      expect(eden.bytesUp).toBeLessThan(0.3 * federated.bytesUp);
      // Another setting does not go on with it.
      const other: string[] = [];
      await runSmollm(
        { model, tokenizer },
        authors,
        { ...setting, rounds: 1 },
        join(folder, 'parts'),
        (line) => other.push(line),
        new AbortController().signal,
      );
      expect(other.some((line) => line.endsWith('before'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

it('SparseLoCo takes at most 45 KB a client and round for adapters on every product of SmolLM2-135M', () => {
  const shape = {
    ...base.shape,
    vocabulary: 49_152,
    width: 576,
    layers: 30,
    heads: 9,
    keyValueHeads: 3,
    headWidth: 64,
    hidden: 1536,
  };
  const layout = Layout.of(lora({ rank: 8, targets: 'all-linear' }).tensors(shape));
  expect(layout.size).toBe(2_442_240);
  const rng = seededRng(1);
  const update = Float32Array.from({ length: layout.size }, () => normal(rng));
  const bytes = sparseLoCo().encode(update, { sharedSeed: new Uint8Array(32), layout });
  expect(bytes.length).toBeLessThanOrEqual(45_000);
  expect(bytes.length).toBeGreaterThan(layout.size / 100);
});
