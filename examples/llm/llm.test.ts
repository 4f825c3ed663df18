import { beforeAll, describe, expect, it, vi } from 'vitest';
import { SEEDED } from '../../scripts/test/seeded-children.ts';
import { UsageError } from '../command-line.ts';
import { parseArguments } from './arguments.ts';
import { ARMS, EPSILONS, JOBS, PROMPT, runJob, SETTING, type Setting } from './arms.ts';
import log from './base.json' with { type: 'json' };
import { pretrained, smallModel } from './model.ts';
import { readPresidents } from './presidents.ts';
import { notes, page, rows, table } from './report.ts';
import { SMOLLM_SETTING } from './smollm.ts';
import { runJobs } from './threads.ts';

// So few bytes are learned by heart at the demo's rate.
const small: Setting = {
  ...SETTING,
  authors: 3,
  train: 24,
  test: 4,
  rounds: 2,
  steps: 4,
  batchSize: 4,
  learningRate: 3e-4,
  adapterRate: 1e-3,
};
const presidents = readPresidents(small);
const { length, tokens, targets } = presidents.publishedTest;
const material = {
  start: pretrained(smallModel()),
  authors: presidents.authors.slice(0, small.authors),
  published: { length, tokens: tokens.slice(0, 16 * length), targets: targets.slice(0, 16 * length) },
};

beforeAll(() => void vi.stubEnv('NODE_OPTIONS', SEEDED.NODE_OPTIONS));

describe('a language model, fine-tuned by a federation', () => {
  it('starts from a base that has learned, as its log says', () => {
    const { publishedTest } = readPresidents(small);
    const model = smallModel();
    const bits = model.evaluate(material.start, publishedTest).loss / Math.LN2;
    const last = log.log[log.log.length - 1];
    // float16 on disk, float32 in the log.
    expect(Math.abs(bits - last.bitsPerByte)).toBeLessThan(0.01);
    expect(last.bitsPerByte).toBeLessThan(0.4 * log.log[0].bitsPerByte);
    expect(log.bytes).toBeLessThan(2_000_000);
    expect(model.layout.size).toBe(log.parameters);
  });

  it('keeps what is trained apart from what is held out, author by author', () => {
    const longer = readPresidents({ ...small, train: small.train + 1 }).authors;
    for (const [i, { train, test }] of material.authors.entries()) {
      expect(train.tokens.length).toBe(small.train * train.length);
      expect(test.tokens.length).toBe(small.test * test.length);
      // What is held out begins right behind the last target.
      expect(test.tokens.slice(0, 63)).toEqual(
        longer[i].train.targets.slice(train.targets.length, train.targets.length + 63),
      );
    }
  });

  it('improves on the base where texts come together, at the bytes that the codecs promise', async () => {
    const results = await runJobs(JOBS, { setting: small, material }, 2, new AbortController().signal, () => {});
    const of = (name: string) => results.find((result) => result.name === name) as (typeof results)[number];
    const base = of('base').bitsPerByte;
    // Alone, so few bytes are learned by heart: local training may well lose.
    for (const name of ['centralized', 'federated', 'federated, EDEN, 1 bit']) {
      expect(of(name).bitsPerByte, name).toBeLessThan(base);
    }
    const size = material.start.length;
    expect(of('federated').bytesUp).toBe(4 * size);
    expect(of('federated, EDEN, 1 bit').bytesUp).toBeLessThan(0.13 * size);
    expect(of('federated, SparseLoCo').bytesUp).toBeLessThan(0.02 * size);
    expect(of('federated').rounds.length).toBe(small.rounds);
    expect(of('federated').sample.length).toBeGreaterThan(20);
    expect(table(results).split('\n').length).toBe(ARMS.length + 1);
    const ordered = ARMS.map((arm) => of(arm));
    expect(rows(ordered)[ARMS.indexOf('centralized')][2]).toBe('100 %');
    expect(results.map(({ name }) => name).sort()).toEqual([...ARMS].sort());
    for (const epsilon of EPSILONS) {
      const { epsilon: spent = Number.NaN, bytesUp } = of(`FFA-LoRA, ε = ${epsilon}`);
      // The noise is that of those who took part, and not more than it must be.
      expect(spent).toBeLessThanOrEqual(epsilon);
      expect(spent).toBeGreaterThan(0.9 * epsilon);
      expect(bytesUp).toBeGreaterThan(of('FFA-LoRA').bytesUp / 2);
      expect(of('FFA-LoRA').clientsNeeded?.[epsilon]).toBeGreaterThan(small.authors);
      expect(notes(results).join()).toContain(`ε = ${epsilon} would cost`);
    }
    expect(page(results, small, 'facts & figures', PROMPT)).toContain('facts &#38; figures');
  });

  it('gives the same bytes when it is run again', async () => {
    const run = () => runJob('federated, SparseLoCo', { ...small, rounds: 1 }, material, () => {});
    const [[first], [second]] = [await run(), await run()];
    expect(second.rounds).toEqual(first.rounds);
    expect(second.sample).toBe(first.sample);
  });

  it('ends at once when it is told to', async () => {
    const controller = new AbortController();
    const running = runJobs(JOBS, { setting: SETTING, material }, 1, controller.signal, () => {});
    controller.abort(new Error('interrupted'));
    await expect(running).rejects.toThrow('interrupted');
  });

  it.each([
    ['--rounds'],
    ['--rounds', '0'],
    ['--clients', '1'],
    ['--threads', 'two'],
    ['--speed', '9'],
    ['--page', 'x'],
    ['--smollm', '--clients', '7'],
  ])('refuses %s %s', (...words) => {
    expect(() => parseArguments(words)).toThrow(UsageError);
  });

  it('takes what its usage says', () => {
    expect(parseArguments(['--rounds', '3', '--clients', '5', '--threads', '1'])).toEqual({
      setting: { ...SETTING, rounds: 3, authors: 5 },
      threads: 1,
    });
    expect(parseArguments(['--shakespeare', '--smollm', 'model.gguf'])).toEqual({
      setting: SMOLLM_SETTING,
      threads: 2,
      shakespeare: '',
      smollm: 'model.gguf',
    });
    expect(parseArguments(['--page'])).toMatchObject({ page: 0 });
    expect(parseArguments(['--help'])).toBe('help');
  });
});
