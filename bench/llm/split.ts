// `pnpm bench llm split`: a model of eight blocks cut behind the second. Operations on the device, bytes a step, losses beside the
// whole model's, and the share of a client's tokens that the server reads off the states, at three cuts, with and without noise.
import { eden, rotated, uniform } from '@fedkit/compression';
import { plainTrainer, seededRng, softmaxRegression } from '@fedkit/core';
import {
  adamW,
  joinHalves,
  languageTrainer,
  leavingStates,
  type SplitCodecs,
  splitModel,
  splitServer,
  splitTrainer,
  trainingOperations,
  transformer,
  type Windows,
} from '@fedkit/llm';
import { LENGTH } from '../../examples/llm/model.ts';
import { readPresidents } from '../../examples/llm/presidents.ts';
import { table, writeResults } from '../shared/measure.ts';
import { KeptResults } from './kept-results.ts';

const SHAPE = { vocabulary: 256, width: 64, layers: 8, heads: 4, hidden: 172, context: 64 } as const;
const PRETRAINING = 400;
const STEP = { batch: 4, length: LENGTH };

/** The first windows. */
function firstOf({ length, tokens, targets }: Windows, count: number): Windows {
  return { length, tokens: tokens.slice(0, count * length), targets: targets.slice(0, count * length) };
}

/** Prints and stores the figures; goes on where it stopped. */
export async function splitFigures(): Promise<void> {
  const model = transformer(SHAPE);
  const { published, authors } = readPresidents({ train: 60, test: 60 });
  const kept = new KeptResults<unknown>('llm-split', { SHAPE, PRETRAINING });
  let start = model.init(seededRng(1));
  const optimizer = adamW({ maxNorm: 1, moments: 'kept' });
  const teacher = languageTrainer(model, published, { optimizer });
  const base = await kept.part('base', async () => {
    const how = { steps: PRETRAINING, batchSize: 16, learningRate: 4e-3, rng: seededRng(2) };
    const { values } = await teacher.train(start, {}, how);
    return Array.from(start, (value, i) => value + values[i]);
  });
  start = Float32Array.from(base as number[]);
  const { train, test } = authors[0];

  const { device } = splitModel(model, { after: 'model.layers.1' });
  const [whole, own] = [model, device].map((of) => trainingOperations(of, STEP).total);
  console.log(`operations of a step on the device: ${own} of ${whole}, ${(own / whole).toFixed(3)}\n`);

  const how = (batchSize: number) => ({ steps: 50, batchSize, learningRate: 1e-3, rng: seededRng(3) });
  const reference: number[] = [];
  const trained = await languageTrainer(model, train, {
    optimizer: adamW(),
    onStep: ({ loss }) => reference.push(loss),
  }).train(start, {}, how(STEP.batch));
  const final = model.evaluate(
    start.map((value, i) => value + trained.values[i]),
    test,
  ).loss;
  const CODECS: Readonly<Record<string, SplitCodecs>> = {
    float32: {},
    '8 bit': { states: rotated(uniform({ bits: 8 })), gradients: rotated(uniform({ bits: 8 })) },
    '4 bit': { states: eden({ bits: 4 }), gradients: eden({ bits: 4 }) },
  };
  const lines: { name: string; up: number; down: number; worst: number; loss: number; change: number }[] = [];
  for (const [name, codecs] of Object.entries(CODECS)) {
    const halves = splitModel(model, { after: 'model.layers.1' });
    const options = { ...codecs, optimizer: adamW(), learningRate: 1e-3, length: LENGTH, batch: STEP.batch };
    const server = splitServer(halves.server, halves.server.selection.gather(start), options);
    const losses: number[] = [];
    let [up, down] = [0, 0];
    const trainer = splitTrainer(halves.device, train, (request) => server.handle('one', request), {
      ...codecs,
      optimizer: adamW(),
      onStep: (step) => {
        losses.push(step.loss);
        [up, down] = [step.bytesUp, step.bytesDown];
      },
    });
    const from = halves.device.selection.gather(start);
    const { values } = await trainer.train(from, {}, how(STEP.batch));
    await server.endRound();
    const after = joinHalves(
      halves,
      from.map((value, i) => value + values[i]),
      server.params(),
    );
    const { loss } = model.evaluate(after, test);
    const worst = Math.max(...losses.map((value, i) => Math.abs(value / reference[i] - 1)));
    lines.push({ name, up, down, worst, loss, change: loss / final - 1 });
  }
  console.log(
    table(
      [
        'states and gradients',
        'bytes up a step',
        'down',
        'largest difference of 50 losses',
        'held-out loss',
        'beside whole',
      ],
      lines.map(({ name, up, down, worst, loss, change }) => [
        name,
        up.toLocaleString('en'),
        down.toLocaleString('en'),
        worst.toExponential(1),
        loss.toFixed(4),
        `${(100 * change).toFixed(2)} %`,
      ]),
    ),
  );

  const leaks: { after: string; noise: number; share: number }[] = [];
  const [seen, unseen] = [firstOf(published, 300), firstOf(test, 40)];
  for (const after of ['model.embed_tokens', 'model.layers.1', 'model.layers.3']) {
    for (const noise of [0, 0.5, 1, 2]) {
      const share = await kept.part(`reader ${after} ${noise}`, () =>
        readTokens(model, start, after, noise, seen, unseen),
      );
      leaks.push({ after, noise, share: share as number });
    }
  }
  console.log(
    `\n${table(
      ['cut after', 'noise beside the states', 'tokens that the server reads'],
      leaks.map(({ after, noise, share }) => [
        after,
        noise === 0 ? 'none' : `${noise} ×`,
        `${(100 * share).toFixed(1)} %`,
      ]),
    )}`,
  );
  writeResults('llm-split', { shape: SHAPE, operations: { whole, own }, lines, leaks });
}

/**
 * The share of a client's tokens that a linear reader, trained on public text, finds in its states. The reader knows the model as it
 * was published, and the noise.
 */
async function readTokens(
  model: ReturnType<typeof transformer>,
  start: Float32Array,
  after: string,
  noise: number,
  seen: Windows,
  unseen: Windows,
): Promise<number> {
  const { device } = splitModel(model, { after });
  const own = device.selection.gather(start);
  const { width, vocabulary } = model.shape;
  const states = leavingStates(device, own, seen);
  const maxNorm = Math.sqrt(states.reduce((sum, value) => sum + value * value, 0) / (states.length / width));
  const how = noise === 0 ? undefined : { maxNorm, std: (noise * maxNorm) / Math.sqrt(width) };
  const scale = Math.sqrt(width) / maxNorm;
  const examplesOf = (windows: Windows, seed: number) => ({
    inputs: leavingStates(device, own, windows, how, seededRng(seed)).map((value) => scale * value),
    labels: Uint8Array.from(windows.tokens),
  });
  const reader = softmaxRegression({ inputs: width, classes: vocabulary });
  const trainer = plainTrainer(reader, examplesOf(seen, 1));
  const from = reader.init(seededRng(1));
  const options = {
    epochs: 12,
    batchSize: 32,
    learningRate: 0.2,
    momentum: 0.9,
    lossAtStart: false,
    rng: seededRng(2),
  };
  const { values } = await trainer.train(from, {}, options);
  const { accuracy } = reader.evaluate(
    from.map((value, i) => value + values[i]),
    examplesOf(unseen, 3),
  );
  return accuracy;
}
