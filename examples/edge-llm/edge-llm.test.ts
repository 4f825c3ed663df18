import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../command-line.ts';
import { parseArguments } from './main.ts';
import { tellMissing } from './kept-stories.ts';
import { cells, HEAD, table } from './report.ts';
import { EDGE, type EdgeSetting, FULL } from './setting.ts';
import { tellStory } from './story.ts';

const small: EdgeSetting = {
  ...EDGE,
  authors: 4,
  train: 24,
  test: 4,
  rounds: 2,
  steps: 4,
  density: 0.05,
  rank: 4,
  distilling: { windows: 40, steps: 40, batchSize: 8, learningRate: 5e-3 },
  redistilling: { windows: 16, steps: 6, batchSize: 8, learningRate: 1e-3 },
  personalSteps: 8,
};

describe('language models on the edge, end to end', () => {
  it('is told to its end, within its budgets, and by ledgers that add up over both federations', async () => {
    const rounds: string[] = [];
    const chapters = await tellStory(
      small,
      () => {},
      (phase, round) => rounds.push(`${phase}.${round}`),
    );
    expect(chapters.map(({ name }) => name)).toEqual([
      'the teacher, on the server',
      'its student, as devices get it',
      'after 2 rounds',
      'distilled anew',
      'after 2 rounds',
      'made their own, on the devices',
    ]);
    expect(rounds).toEqual(['1.1', '1.2', '2.1', '2.2']);
    const [teacher, student, first, anew, second] = chapters;
    expect(teacher.bitsPerByte).toBeLessThan(student.bitsPerByte);
    // What travels: the base in blocks of 8 bits, the adapter down, a twentieth of it up, under masks.
    expect(student.bytesDown).toBeLessThan(60_000);
    expect(anew.bytesDown).toBe(student.bytesDown);
    const [sent, all] = first.values ?? [0, 0];
    expect(sent).toBe(Math.round(0.05 * all));
    expect(first.bytesUp).toBeGreaterThan(2 * sent);
    expect(first.bytesUp).toBeLessThan(4 * all);
    expect(first.bytesDown).toBeGreaterThan(4 * all);
    // Half of the rounds have cost a part of what all cost.
    expect(first.epsilon).toBeGreaterThan(1);
    expect(first.epsilon).toBeLessThan(0.95 * (second.epsilon ?? 0));
    expect(second.epsilon).toBeGreaterThan(0.9 * 8);
    expect(second.epsilon).toBeLessThanOrEqual(8);
    expect(cells(second).length).toBe(HEAD.length);
    expect(table({ small: chapters })).toContain('| small |');
  }, 300_000);

  it('gains on held-out text where nothing is added and everything travels', async () => {
    // So short a distillation leaves embeddings near zero, and an adapter behind them can do little: 0.006 bits.
    const distilling = { windows: 60, steps: 200, batchSize: 8, learningRate: 1e-2 };
    const plan = { rounds: 4, steps: 8, learningRate: 2e-2 };
    const chapters = await tellStory(
      { ...small, ...plan, distilling, epsilon: undefined, density: 1, phases: 1 },
      () => {},
    );
    const [, student, after] = chapters;
    expect(after.bitsPerByte).toBeLessThan(student.bitsPerByte - 0.003);
    expect(after.epsilon).toBeUndefined();
  }, 300_000);

  it('goes on with the first story that was not told, and tells those of another setting anew', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fedkit-edge-'));
    try {
      const told: string[] = [];
      const lines: string[] = [];
      const tell = async (name: string, { density }: EdgeSetting) => {
        if (told.length === 2) throw new Error('stopped');
        told.push(name);
        return [{ name: `${name}, ${density}`, bitsPerByte: 2 }];
      };
      const say = (line: string) => lines.push(line);
      const names = Object.keys(FULL);
      await expect(tellMissing(FULL, EDGE, folder, tell, say)).rejects.toThrow('stopped');
      expect(told).toEqual(names.slice(0, 2));
      const rest = (name: string, own: EdgeSetting) => {
        if (told.length === 2) told.push('again');
        return tell(name, own);
      };
      const stories = await tellMissing(FULL, EDGE, folder, rest, say);
      expect(told).toEqual([...names.slice(0, 2), 'again', ...names.slice(2)]);
      expect(lines).toEqual(names.slice(0, 2).map((name) => `${name}: told before`));
      expect(
        Object.entries(stories).map(([name, [chapter]]) => chapter.name === `${name}, ${FULL[name].density ?? 0.005}`),
      ).toEqual(names.map(() => true));
      lines.length = 0;
      await tellMissing(FULL, { ...EDGE, rounds: 3 }, folder, tell, say);
      expect(lines).toEqual([]);
      expect(told.length).toBe(13);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('takes what its usage says', () => {
    expect(parseArguments([])).toEqual({ setting: EDGE, full: false });
    expect(parseArguments(['--full', '--rounds', '3', '--clients', '5'])).toEqual({
      setting: { ...EDGE, rounds: 3, authors: 5 },
      full: true,
    });
    expect(parseArguments(['--help'])).toBe('help');
    for (const words of [['--rounds'], ['--rounds', '0'], ['--clients', '1'], ['--speed', '9']]) {
      expect(() => parseArguments(words)).toThrow(UsageError);
    }
    expect(Object.keys(FULL)[0]).toBe('0.5 %, ε = 8');
  });
});
