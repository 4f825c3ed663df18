// The recipe of `bench experiments mnist-lr` in a process of its own, for recipe.ts. It stands in another checkout too, so it uses what
// both have. fork('recipe-run.ts', [threads, 0 for none]) answers each 'turn', all 100 rounds with their evaluations, with what it took.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { isMainThread, MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads';
import { type Examples, fedAvg, plainTrainer, seededRng, softmaxRegression } from '@fedkit/core';
import { inlineEngine, type Port, portEngine, powerLawPartition, servePort, simulate } from '@fedkit/core/simulation';
import { standardizedDigits } from '../shared/standardized-digits.ts';

/** What a turn took: seconds on the wall and of processors, and the model it came to. */
export interface Turn {
  readonly wall: number;
  readonly cpu: number;
  readonly accuracy: number;
  readonly model: string;
}

interface Federation {
  readonly digits: Examples;
  readonly train: readonly Uint32Array[];
}

const model = softmaxRegression({ inputs: 784, classes: 10 });
const options = ({ digits, train }: Federation) => ({
  algorithm: fedAvg(),
  clients: train.map((rows) => plainTrainer(model, { ...digits, rows })),
  local: { epochs: 1, batchSize: 10, learningRate: 0.03 } as const,
  seed: 1,
});

/** All digits in memory that threads share, 90 % of each client's to train on. */
function federation(): Federation & { readonly test: Uint32Array } {
  const all = standardizedDigits();
  const shared = (length: number) => new SharedArrayBuffer(length);
  const inputs = new Float32Array(shared(4 * all.inputs.length));
  const labels = new Uint8Array(shared(70_000));
  inputs.set(all.inputs);
  labels.set(all.labels as Uint8Array);
  const rng = seededRng(1);
  const train: Uint32Array[] = [];
  const test: number[] = [];
  for (const rows of powerLawPartition(labels, { clients: 1000 }, rng.fork('partition'))) {
    const cut = Math.floor(0.9 * rows.length);
    train.push(Uint32Array.from([...rows].slice(0, cut)));
    test.push(...[...rows].slice(cut));
  }
  return { digits: { inputs, labels }, train, test: Uint32Array.from(test) };
}

/** Parts of the held-out digits, judged by the threads that train otherwise. */
function judgedBy(judges: readonly MessagePort[], test: Uint32Array): (params: Float32Array) => Promise<number> {
  const part = Math.ceil(test.length / judges.length);
  const rows = judges.map((_, i) => test.slice(i * part, (i + 1) * part));
  return async (params) => {
    const right = judges.map(async (judge, i) => {
      const answer = once(judge, 'message');
      judge.postMessage({ params, rows: rows[i] });
      const [accuracy] = (await answer) as [number];
      return accuracy * rows[i].length;
    });
    return (await Promise.all(right)).reduce((sum, one) => sum + one) / test.length;
  };
}

/** A thread of this file: not every Node gives a thread the loader that its process was started with. */
const file = JSON.stringify(import.meta.url);
const thread = `import('tsx/esm/api').then(({ register }) => { register(); return import(${file}); })`;

function main(): void {
  const made = federation();
  const held = { ...made.digits, rows: made.test };
  const threads = Number(process.argv[2]);
  const channels = Array.from({ length: threads }, () => {
    const [clients, judge] = [new MessageChannel(), new MessageChannel()];
    const told = { digits: made.digits, train: made.train, port: clients.port2, judge: judge.port2 };
    new Worker(thread, { eval: true, workerData: told, transferList: [clients.port2, judge.port2] }).unref();
    return { port: clients.port1 as unknown as Port, judge: judge.port1 };
  });
  const ports = channels.map(({ port }) => port);
  const judged = judgedBy(
    channels.map(({ judge }) => judge),
    made.test,
  );
  const clients = made.train.map((_, i) => String(i));
  async function turn(): Promise<Turn> {
    const began = process.cpuUsage();
    const started = performance.now();
    const own = options(made);
    let accuracy = 0;
    const { params } = await simulate({
      ...own,
      ...(threads > 0 && { engine: portEngine(ports, { clients, layout: model.layout }) }),
      initial: new Float32Array(model.layout.size),
      cohort: 10,
      rounds: 100,
      evaluate: async (now: Float32Array, round: number) => {
        if (round !== 1 && round % 5 !== 0) return;
        accuracy = threads > 0 ? await judged(now) : model.evaluate(now, held).accuracy;
      },
    } as Parameters<typeof simulate>[0]);
    const { user, system } = process.cpuUsage(began);
    const bytes = new Uint8Array(params.buffer, params.byteOffset, params.byteLength);
    const digest = createHash('sha256').update(bytes).digest('hex');
    return { wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6, accuracy, model: digest };
  }
  process.on('disconnect', () => process.exit());
  process.on('message', () => void turn().then((taken) => process.send?.(taken)));
  process.send?.('ready');
}

if (isMainThread) main();
else {
  const { port, judge, ...made } = workerData as Federation & { readonly port: Port; readonly judge: MessagePort };
  servePort(port, inlineEngine(options(made)));
  judge.on('message', ({ params, rows }: { params: Float32Array; rows: Uint32Array }) => {
    judge.postMessage(model.evaluate(params, { ...made.digits, rows }).accuracy);
  });
}
