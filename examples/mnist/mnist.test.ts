import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fedAvg, modelDigest, plainTrainer } from '@fedkit/core';
import { inlineEngine, simulate } from '@fedkit/core/simulation';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SEEDED } from '../../scripts/test/seeded-children.ts';
import { type Mnist, PIXELS, readMnist } from '../data/mnist.ts';
import { UsageError } from '../command-line.ts';
import { parseCommandLine, type Plan } from './arguments.ts';
import {
  centralEngine,
  COHORT,
  initialModel,
  type MnistEngine,
  mnistEngine,
  model,
  partition,
  type Update,
} from './experiment.ts';
import { type Report, type RoundReport, roundsTo, type RunReport, writeReport } from './report.ts';
import { type RunProgress, runCentralized, runFederation } from './run.ts';
import { lineScreen, summary, terminalScreen } from './screen.ts';
import { startThreads } from './threads.ts';

const plan: Plan = { split: 'iid', seed: 3, learningRate: 0.1, rounds: 2, target: 0.97, paper: 87 };
const main = join(import.meta.dirname, 'main.ts');
const node = ['--import', 'tsx', '--conditions=@fedkit/source', main];
const folder = mkdtempSync(join(tmpdir(), 'fedkit-mnist-'));
let few: Mnist;
let run: RunReport;
let report: Report;
const seen: RunProgress[] = [];
/** Who was drawn in which round, and what each sent. */
const sent: Map<number, Map<string, Update>> = new Map();

/** The first digits only. */
function head({ inputs, labels }: Mnist['train'], count: number): Mnist['train'] {
  return { inputs: inputs.subarray(0, count * PIXELS), labels: labels.subarray(0, count) };
}

/** What no thread and no clock changes. */
function exact({ round, testAccuracy, clientLoss, clientExamples, updateNorm, bytesUp, bytesDown }: RoundReport) {
  return { round, testAccuracy, clientLoss, clientExamples, updateNorm, bytesUp, bytesDown };
}

/** The engine, with what its clients send written down. */
function listening(engine: MnistEngine): MnistEngine {
  return {
    ...engine,
    async run(task, signal) {
      const answer = await engine.run(task, signal);
      const round = sent.get(task.round) ?? new Map<string, Update>();
      sent.set(task.round, round.set(task.client, answer.contribution.values));
      return answer;
    },
  };
}

beforeAll(async () => {
  vi.stubEnv('NODE_OPTIONS', SEEDED.NODE_OPTIONS);
  const { train, test } = readMnist();
  few = { train: head(train, 2000), test: head(test, 300) };
  const laboratory = {
    engine: listening(mnistEngine(plan, few)),
    central: centralEngine(plan, few),
    evaluate: (params: Float32Array) => model.evaluate(params, few.test),
  };
  run = await runFederation(plan, laboratory, { onProgress: (progress) => seen.push(progress) });
  report = {
    task: 'MNIST, 2NN 784-200-200-10',
    clients: 100,
    cohort: 10,
    localEpochs: 1,
    batchSize: 10,
    parameters: model.layout.size,
    platform: 'a test',
    runs: [run],
    centralized: await runCentralized(plan, laboratory),
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the MNIST run', () => {
  it('measures every round', () => {
    expect(run).toMatchObject({ split: 'iid', seed: 3, learningRate: 0.1, roundsTo: { 90: null, 95: null, 97: null } });
    expect(run.rounds.map(({ round }) => round)).toEqual([1, 2]);
    for (const { testAccuracy, testLoss, bytesUp, bytesDown, seconds } of run.rounds) {
      expect(testAccuracy).toBeGreaterThan(0);
      expect(testLoss).toBeGreaterThan(0);
      expect(seconds).toBeGreaterThan(0);
      // Ten files of 199,210 float32 values and a header.
      for (const bytes of [bytesUp, bytesDown]) {
        expect(bytes).toBeGreaterThan(10 * 4 * model.layout.size);
        expect(bytes).toBeLessThan(10 * 4 * model.layout.size + 10 * 1000);
      }
    }
    expect(run.rounds[1].testLoss).toBeLessThan(model.evaluate(initialModel(plan), few.test).loss);
    expect(report.centralized.testAccuracy).toBeGreaterThan(0.5);
  });

  it('has what the clients measured before they trained', () => {
    const parts = partition(plan, few.train.labels);
    const rows = Uint32Array.from([...(sent.get(1)?.keys() ?? [])].flatMap((client) => [...parts[Number(client)]]));
    const [first] = run.rounds;
    expect(first.clientExamples).toBe(rows.length);
    expect(first.clientLoss).toBeCloseTo(model.evaluate(initialModel(plan), { ...few.train, rows }).loss, 5);
    for (const { round, updateNorm } of run.rounds) {
      const updates = [...(sent.get(round)?.values() ?? [])].map(({ update }) => update);
      expect(updates.length).toBe(COHORT);
      const norms = updates.map((update) => Math.sqrt(update.reduce((sum, x) => sum + x * x, 0)));
      expect(updateNorm).toBeCloseTo(norms.reduce((sum, norm) => sum + norm, 0) / COHORT, 5);
      // Far within the bound that would clip them.
      expect(Math.max(...norms)).toBeLessThan(5);
    }
    // Each round measures what the one before has made.
    expect(run.rounds[1].clientLoss).toBeLessThan(first.clientLoss);
  });

  it('trains the model that it would train without measuring, bit for bit', async () => {
    const clients = partition(plan, few.train.labels).map((rows) => plainTrainer(model, { ...few.train, rows }));
    const local = { epochs: 1, batchSize: 10, learningRate: plan.learningRate };
    const algorithm = fedAvg();
    const { params } = await simulate({
      algorithm,
      engine: inlineEngine({ algorithm, clients, local, seed: plan.seed }),
      initial: initialModel(plan),
      layout: model.layout,
      cohort: COHORT,
      rounds: plan.rounds,
      seed: plan.seed,
    });
    expect(modelDigest(model.layout, params)).toBe(run.modelDigest);
  });

  it('is the same on threads, byte for byte', async () => {
    const threads = startThreads(plan, few, 2, (reason) => expect.unreachable(String(reason)));
    try {
      const again = await runFederation(plan, threads, { onProgress: () => {} });
      expect(again.modelDigest).toBe(run.modelDigest);
      expect(again.rounds.map(exact)).toEqual(run.rounds.map(exact));
      const other = await threads.evaluate(initialModel(plan));
      expect(other.accuracy).toBeCloseTo(model.evaluate(initialModel(plan), few.test).accuracy, 12);
    } finally {
      await threads.close();
    }
  });

  it('ends with ABORTED when a thread dies', async () => {
    const controller = new AbortController();
    const broken = { ...few, train: { ...few.train, labels: few.train.labels.subarray(0, 10) } };
    const threads = startThreads(plan, broken, 1, (reason) => controller.abort(reason));
    const running = runFederation(plan, threads, { onProgress: () => {}, signal: controller.signal });
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(String(controller.signal.reason)).toMatch(/SHAPE_MISMATCH|expected/);
    await threads.close();
  });

  it('splits as the paper does', () => {
    const { train } = few;
    const kinds = (split: Plan['split']) =>
      partition({ ...plan, split }, train.labels).map(
        (rows) => new Set(Array.from(rows, (row) => train.labels[row])).size,
      );
    expect(Math.max(...kinds('shards'))).toBeLessThanOrEqual(4);
    expect(Math.min(...kinds('iid'))).toBeGreaterThan(4);
    expect(partition(plan, train.labels).flatMap((rows) => [...rows]).length).toBe(2000);
  });
});

describe('the report', () => {
  it('holds rounds to each level', () => {
    const rounds = [0.5, 0.9, 0.89, 0.96].map((testAccuracy, i) => ({ ...run.rounds[0], round: i + 1, testAccuracy }));
    expect(roundsTo(rounds)).toEqual({ 90: 2, 95: 4, 97: null });
  });

  it('is written as JSON and as a page that needs nothing else', () => {
    const paths = writeReport(join(folder, 'new'), report);
    expect(JSON.parse(readFileSync(paths.json, 'utf8'))).toEqual(JSON.parse(JSON.stringify(report)));
    const page = readFileSync(paths.html, 'utf8');
    expect(page.match(/<svg/g)?.length).toBe(3);
    expect(page.match(/<polyline class="first" points="[\d.]+,[\d.]+ [\d.]+,[\d.]+"/g)?.length).toBe(3);
    expect(page).not.toMatch(/<script|<link|src=|url\(|https?:|NaN|undefined/);
    expect(page).toContain(run.modelDigest);
    expect(readdirSync(join(folder, 'new')).sort()).toEqual(['report.html', 'report.json']);
  });

  it('leaves nothing behind, and the old one alone, if it cannot be written', () => {
    const place = join(folder, 'kept');
    writeReport(place, report);
    const before = readFileSync(join(place, 'report.json'), 'utf8');
    const broken = { ...report, runs: [{ ...run, rounds: undefined as never }] };
    expect(() => writeReport(place, broken)).toThrow();
    expect(readFileSync(join(place, 'report.json'), 'utf8')).toBe(before);
    expect(readdirSync(place).sort()).toEqual(['report.html', 'report.json']);
  });

  it('is summed up in a table', () => {
    const table = summary(report, [plan]);
    expect(table).toMatch(/split +to 90 % +to 95 % +to 97 % +best test +up +down +time/);
    expect(table).toMatch(/IID +> 2 +> 2 +> 2 +\d+\.\d\d % +15\.9 MB +15\.9 MB +\d+\.\d s/);
    expect(summary(report, [plan, plan])).toMatch(/ 87\n/);
  });
});

describe('the screen', () => {
  it('is one line a round where there is no terminal', () => {
    const lines: string[] = [];
    const screen = lineScreen((line) => lines.push(line));
    for (const progress of seen) screen.show(progress);
    expect(lines.length).toBe(2);
    expect(lines[1]).toMatch(
      /^iid round 2: test accuracy \d+\.\d\d %, loss \d\.\d{4}; clients before it: loss \d\.\d{4}, update norm \d\.\d\d; \d+\.\d\d s$/,
    );
  });

  it('is a bar on a terminal, never wider than it', () => {
    const written: string[] = [];
    const write = (text: string) => written.push(text) > 0;
    const screen = terminalScreen({ columns: 60, write } as unknown as NodeJS.WriteStream);
    for (const progress of seen) screen.show(progress);
    screen.clear();
    expect(written.at(-1)).toBe('\r\x1b[2K');
    const bars = written.filter((text) => text.includes('█') || text.includes('░'));
    expect(bars.length).toBe(seen.length);
    for (const bar of bars) expect(bar.length).toBeLessThan(60);
  });
});

describe('the command line', () => {
  it('says what it will run', () => {
    expect(parseCommandLine([])).toMatchObject({
      plans: [{ split: 'iid', seed: 1, learningRate: 0.1, rounds: 60, target: 0.97 }],
    });
    expect(parseCommandLine(['--split', 'shards', '--rounds=5', '--seed', '9', '--threads', '3'])).toMatchObject({
      threads: 3,
      plans: [{ split: 'shards', seed: 9, rounds: 5 }],
    });
    expect(parseCommandLine(['--paper']).plans.map(({ split, paper }) => [split, paper])).toEqual([
      ['iid', 87],
      ['shards', 664],
    ]);
  });

  it.each([
    ['--nope'],
    ['extra'],
    ['--split', 'odd'],
    ['--rounds', '0'],
    ['--seed', '-1'],
    ['--threads', '1.5'],
    ['--learning-rate', 'x'],
  ])('refuses %s %s', (...argv) =>
    expect(() => parseCommandLine(argv.filter((arg) => arg !== undefined))).toThrow(UsageError),
  );

  it('exits with 2 and the usage for flags it does not know', async () => {
    const error = await promisify(execFile)(process.execPath, [...node, '--nope']).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 2, stdout: '' });
    expect((error as { stderr: string }).stderr).toMatch(/--nope[^]*usage: demo \[--split iid\|shards\]/);
  });

  it('stops at Ctrl-C with nothing written', async () => {
    const out = join(folder, 'interrupted');
    const child = spawn(process.execPath, [...node, '--threads', '1', '--out', out]);
    let stderr = '';
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('learning rate')) setTimeout(() => child.kill('SIGINT'), 300);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(stderr).toBe('interrupted; nothing was written\n');
    expect(code).toBe(130);
    expect(existsSync(out)).toBe(false);
  });

  it('knows its models by their bytes', () => {
    expect(modelDigest(model.layout, initialModel(plan))).toBe(modelDigest(model.layout, initialModel(plan)));
    expect(modelDigest(model.layout, initialModel(plan))).not.toBe(
      modelDigest(model.layout, initialModel({ ...plan, seed: 4 })),
    );
  });
});
