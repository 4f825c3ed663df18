import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chunkedTopK, downlink, feedbackCodec } from '@fedkit/compression';
import { fedAvg, plainUpdates, seededRng } from '@fedkit/core';
import { simulate } from '@fedkit/core/simulation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEEDED } from '../../../../scripts/test/seeded-children.ts';
import { slowness } from '../../../core/test/slowness.ts';
import quadratics from '../../test/fixture/experiment.ts';
import { Command } from '../../test/command.ts';
import { benchCommand } from './bench-command.ts';
import type { ChannelContext } from './definition.ts';
import { type ExperimentProgress, runExperiment } from './run-experiment.ts';
import type { RowSummary } from './summary.ts';

const FILE = fileURLToPath(new URL('../../test/fixture/experiment.ts', import.meta.url));
let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'fedkit-experiment-'));
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const lines = () => fs.readFileSync(join(directory, 'cells.jsonl'), 'utf8').split('\n').slice(0, -1);
/** Six rows of three tries and three seeds. */
const ALL = 6 * 3 + 6 * 3;
const find = (rows: readonly RowSummary[], algorithm: string, channel = 'plain') =>
  rows.find(({ row }) => row.algorithm === algorithm && row.channel === channel) as RowSummary;
/** Without the time that each took. */
const values = (rows: readonly RowSummary[]) =>
  rows.map(({ row, parameters, runs }) => ({
    row,
    parameters,
    curves: runs.map(({ curve, diverged }) => ({ curve, diverged })),
  }));

describe('runExperiment', () => {
  it('tunes, runs the table, and writes every file', async () => {
    const seen: ExperimentProgress[] = [];
    const { rows, files } = await runExperiment(quadratics, { directory, onProgress: (event) => seen.push(event) });
    expect(rows.length).toBe(6);
    expect(lines().length).toBe(ALL);
    expect(seen.at(-1)).toMatchObject({ done: ALL, of: ALL, resumed: 0, secondsLeft: 0 });
    expect(find(rows, 'SCAFFOLD').parameters).toEqual({ rate: 0.1 });
    expect(find(rows, 'FedAvg').against).toBeUndefined();
    expect(find(rows, 'SCAFFOLD').against?.count).toBe(3);
    expect(find(rows, 'SCAFFOLD').edge).toEqual([]);
    const names = files.map((file) => file.slice(directory.length + 1));
    for (const name of ['curves.csv', 'table.csv', 'results.json', 'table.tex', 'index.html'])
      expect(names).toContain(name);
    expect(names.filter((name) => name.includes('tfevents')).length).toBe(18);
    const csv = fs.readFileSync(join(directory, 'curves.csv'), 'utf8').split('\r\n');
    expect(csv[0]).toBe('split,attack,devices,algorithm,channel,seed,round,bytesUp,bytesDown,seconds,epsilon,distance');
    expect(csv.length - 2).toBe(18 * 5);
    const html = fs.readFileSync(join(directory, 'index.html'), 'utf8');
    expect(html).toContain('&#60;of curvature 1&#62;');
    expect(html).not.toMatch(/NaN|Infinity|undefined|<script|http:\/\/(?!www\.w3\.org)/);
    expect(fs.readFileSync(join(directory, 'table.tex'), 'utf8')).toContain('$\\pm$');
    const json = JSON.parse(fs.readFileSync(join(directory, 'results.json'), 'utf8')) as { rows: RowSummary[] };
    expect(json.rows[0].values).toEqual(rows[0].values);
    expect(fs.readdirSync(directory)).not.toContain('running');
  });

  it('gives what the hand loop gives', async () => {
    const { rows } = await runExperiment(quadratics, { directory });
    const { algorithms, local, schedule, cohort, rounds, devices } = quadratics;
    const task = await quadratics.task();
    const rng = seededRng('quadratics | own | table | 1').fork('federation');
    const federation = await task.federation({ rng, phase: 'table' });
    const make = algorithms.SCAFFOLD as (parameters: object) => never;
    const phones = devices.phones;
    const byHand = await simulate({
      clients: federation.clients,
      initial: federation.initial,
      layout: federation.layout,
      algorithm: make({ rate: 0.1 }),
      local: local({ rate: 0.1 }),
      cohort: cohort as number,
      rounds,
      seed: 'quadratics | table 1',
      ...(schedule && { schedule }),
      ...(phones !== 'none' && { devices: phones('table 1') as never }),
    });
    const { distance } = await federation.evaluate(byHand.params, undefined as never);
    expect(find(rows, 'SCAFFOLD').values[1]).toBe(distance);
  });

  it('compresses both ways, with a pipeline up or without', async () => {
    const codec = chunkedTopK({ chunk: 4, keep: 1 });
    const down = ({ layout }: ChannelContext) => downlink(codec, { size: layout.size });
    const both = {
      ...quadratics,
      algorithms: { FedAvg: () => fedAvg() },
      channels: {
        plain: 'none' as const,
        down: (context: ChannelContext) => ({ down: () => down(context) }),
        both: (context: ChannelContext) => ({
          up: plainUpdates({
            algorithm: context.algorithm,
            layout: context.layout,
            codec,
            errorFeedback: feedbackCodec(),
          }),
          down: () => down(context),
        }),
      },
    };
    const { rows } = await runExperiment(Object.freeze(both), { directory });
    const [plain, half, whole] = ['plain', 'down', 'both'].map((channel) => find(rows, 'FedAvg', channel));
    expect(plain.bytesUp).toBe(12 * 4 * 16);
    expect(plain.bytesDown).toBe(plain.bytesUp);
    expect(half.bytesUp).toBe(plain.bytesUp);
    // Sixteen bytes are the model: no catch-up is less, and none is fetched that is more.
    expect(half.bytesDown).toBe(plain.bytesDown);
    expect(whole.bytesUp).not.toBe(plain.bytesUp);
    for (const row of rows) expect(row.bytes).toBe(row.bytesUp + row.bytesDown);
    for (const { values: distances } of [half, whole]) {
      expect(distances).not.toEqual(plain.values);
      for (const distance of distances) expect(distance).toBeLessThan(0.4);
    }
    const wrong = [{ down: codec }, { down: () => down, upp: 'none' }];
    for (const channel of wrong) {
      const channels = { wrong: () => channel as never };
      const compare = { ...both.compare, baseline: { algorithm: 'FedAvg', channel: 'wrong' } };
      const run = runExperiment(Object.freeze({ ...both, channels, compare }), { directory });
      await expect(run).rejects.toThrow(/channels: wrong: (down: )?expected/);
    }
  });

  it('ends at nothing that whoever is told of its progress throws or rejects with', async () => {
    const { rows } = await runExperiment(quadratics, { directory: fs.mkdtempSync(join(directory, 'alone-')) });
    const stop = () => {
      throw new Error('enough');
    };
    const later: () => unknown = async () => stop();
    for (const onProgress of [stop, later as () => void]) {
      const told = await runExperiment(quadratics, { directory: fs.mkdtempSync(join(directory, 'told-')), onProgress });
      expect(values(told.rows)).toEqual(values(rows));
    }
  });

  it('goes on after it was stopped, and runs nothing twice', async () => {
    const controller = new AbortController();
    const stopped = runExperiment(quadratics, {
      directory,
      signal: controller.signal,
      onProgress: ({ done }) => done === 23 && controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' });
    const before = lines();
    expect(before.length).toBe(23);
    const seen: ExperimentProgress[] = [];
    const { rows } = await runExperiment(quadratics, { directory, onProgress: (event) => seen.push(event) });
    expect(lines().slice(0, 23)).toEqual(before);
    expect(lines().length).toBe(ALL);
    expect(seen[seen.length - 1].resumed).toBe(23);
    const once = fs.mkdtempSync(join(directory, 'once-'));
    expect(values(rows)).toEqual(values((await runExperiment(quadratics, { directory: once })).rows));
    const again = lines();
    await runExperiment(quadratics, { directory });
    expect(lines()).toEqual(again);
  });

  it('counts a diverged run as the worst there is, and a target that was not reached as not reached', async () => {
    const wild = {
      ...quadratics,
      grid: { rate: [1e4] },
      tuning: { ...quadratics.tuning, budget: 1 },
      channels: { plain: 'none' as const },
    };
    const { rows } = await runExperiment(Object.freeze(wild), { directory });
    for (const { diverged, reached, final, runs } of rows) {
      expect(diverged).toBe(3);
      expect(runs.every(({ curve }) => curve.length > 0)).toBe(true);
      expect(Number.isFinite(final.mean)).toBe(true);
      expect(reached).toMatchObject({ seeds: 0, rounds: Infinity, bytes: Infinity });
    }
    expect(fs.readFileSync(join(directory, 'table.csv'), 'utf8')).toContain('not reached');
  });

  it('takes a measure that is no number for the worst, in the run and when it is read again', async () => {
    const open = quadratics.task;
    const odd = {
      ...quadratics,
      channels: { plain: 'none' as const },
      // Best where it is lowest, and no number after the first evaluation.
      compare: { ...quadratics.compare, measure: 'loss', best: 'lowest' as const, target: 0.5 },
      async task() {
        const task = await open();
        return {
          async federation(options: Parameters<typeof task.federation>[0]) {
            let calls = 0;
            const evaluate = () => ({ loss: calls++ === 0 ? 7 : calls === 2 ? Infinity : Number.NaN });
            return { ...(await task.federation(options)), evaluate };
          },
        };
      },
    };
    for (const _of of ['run', 'read again']) {
      for (const { values: losses, reached } of (await runExperiment(odd, { directory })).rows) {
        expect(losses).toEqual([7, 7, 7]);
        expect(reached).toMatchObject({ seeds: 0, rounds: Infinity });
      }
    }
  });

  it('keeps event files of names apart that differ in their signs alone', async () => {
    const { FedAvg } = quadratics.algorithms;
    const greek = { ...quadratics, algorithms: { FedAvg, α: FedAvg, β: FedAvg, fedavg: FedAvg } };
    await runExperiment({ ...greek, channels: { plain: 'none' }, grid: {} }, { directory });
    const folders = fs.readdirSync(join(directory, 'tensorboard')).map((name) => name.toLowerCase());
    expect(new Set(folders).size).toBe(4);
  });

  it('names the cell whose evaluation lacks the measure', async () => {
    const other = { ...quadratics, compare: { ...quadratics.compare, measure: 'accuracy' } };
    await expect(runExperiment(Object.freeze(other), { directory })).rejects.toThrow(
      /own \| honest \| phones \| FedAvg \| plain \| tuning \| seed 0 .*expected one that was evaluated, distance, got accuracy$/,
    );
  });
});

describe('fedkit bench', { timeout: 60_000 * slowness() }, () => {
  const ended = async (command: Command) => {
    const code = await new Promise<number | null>((resolve) => command.child.once('exit', resolve));
    return { code, text: command.text, errors: command.errors };
  };

  it('runs a file in processes, to the same results', async () => {
    const { code, text, errors } = await ended(
      new Command(['bench', FILE, '--out', directory, '--workers', '2'], SEEDED),
    );
    expect(errors).toMatch(new RegExp(`${ALL} of ${ALL} runs`));
    expect(code).toBe(0);
    expect(text).toContain('SCAFFOLD');
    expect(lines().length).toBe(ALL);
    const { rows } = JSON.parse(fs.readFileSync(join(directory, 'results.json'), 'utf8')) as { rows: RowSummary[] };
    const here = fs.mkdtempSync(join(directory, 'here-'));
    const inline = (await runExperiment(quadratics, { directory: here })).rows;
    expect(values(rows)).toEqual(JSON.parse(JSON.stringify(values(inline))));
    const again = await ended(new Command(['bench', FILE, '--out', directory], SEEDED));
    expect(again.errors).toContain(`${ALL} of ${ALL} runs (${ALL} from before)`);
    expect(again.text).toBe(text);
    expect(lines().length).toBe(ALL);
  });

  it('names the cell at which a worker died, and goes on from there', async () => {
    const dying = new Command(['bench', FILE, '--out', directory, '--workers', '1'], {
      ...SEEDED,
      FEDKIT_TEST_KILL: 'table',
    });
    const { code, errors } = await ended(dying);
    expect(code).toBe(1);
    expect(errors).toMatch(/FedAvg \| plain \| table \| seed 0 .*a worker to finish, got one that ended by SIGKILL/);
    expect(lines().length).toBe(18);
  });

  it.each([
    [['bench', FILE, '--quick'], "unknown option '--quick'"],
    [['bench', FILE, 'more'], 'too many arguments'],
  ])('refuses %j', async (given, message) => {
    const { code, errors, text } = await ended(new Command(given, SEEDED));
    expect(errors).toContain(message);
    expect(code).toBe(1);
    expect(text).toBe('');
  });

  it.each([
    ['nowhere.ts', {}, 'no such file'],
    [FILE, { workers: 'many' }, '--workers: expected an integer'],
    [fileURLToPath(new URL('grid.ts', import.meta.url)), {}, 'expected an experiment as default export'],
  ])('refuses %s with %j', async (file, options, message) => {
    await expect(benchCommand(file, directory, options)).rejects.toThrow(message);
  });
});
