import { fedAvg, memoryStore, seededRng, type Trainer, type TrainOptions } from '@fedkit/core';
import type { Codec } from '@fedkit/core/codec';
import { float16ToFloat32, float32ToFloat16 } from '@fedkit/core/internal';
import type { Exchange } from '@fedkit/core/protocol';
import { describe, expect, it } from 'vitest';
import { lora } from '../adapt/lora.ts';
import { promptTuning } from '../adapt/prompt-tuning.ts';
import type { LanguageModel } from '../model/language-model.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { trainingOperations } from '../network/operations.ts';
import { freeze } from '../quantize/freeze.ts';
import { adamW, type LocalOptimizer, sgd } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { joinHalves, type SplitForm, splitModel } from './cut.ts';
import { splitServer } from './server.ts';
import { decodeAnswer, encodeRequest, type SplitRequest } from './messages.ts';
import { blur, type StateNoise } from './noise.ts';
import { leavingStates } from './states.ts';
import { taskOf } from './task.ts';
import { type SplitStep, splitTrainer, type SplitTrainerOptions } from './trainer.ts';

const text = (seed: number, length = 120) => Array.from({ length }, (_, i) => (i * i + seed * i + (i % 7)) % 30);
const windows = tokenWindows([text(1), text(2)], { length: 12 });
const SHAPE = { vocabulary: 30, width: 16, layers: 4, heads: 2, context: 16 };
/** Float16 without a codec's frame. */
const half: Codec = {
  kind: 'half',
  linearity: 'perClient',
  unbiased: false,
  encode: (values) =>
    Uint8Array.from([...values].flatMap((value) => [float32ToFloat16(value) & 255, float32ToFloat16(value) >> 8])),
  decode: (bytes) =>
    Float32Array.from({ length: bytes.length / 2 }, (_, i) => float16ToFloat32(bytes[2 * i] + 256 * bytes[2 * i + 1])),
  visit() {},
};
const how = (more: Partial<TrainOptions> = {}): TrainOptions =>
  ({ steps: 50, batchSize: 4, learningRate: 0.01, rng: seededRng(5), ...more }) as TrainOptions;

function pair(
  model: LanguageModel,
  start: Float32Array,
  optimizer: LocalOptimizer,
  cut: { after?: string; form?: SplitForm } = {},
  options: SplitTrainerOptions = {},
) {
  const split = splitModel(model, { after: 'model.layers.0', ...cut });
  const serve = () =>
    splitServer(split.server, split.server.selection.gather(start), {
      ...(options.states && { states: options.states }),
      ...(options.gradients && { gradients: options.gradients }),
      ...(options.store && { store: options.store }),
      optimizer,
      learningRate: 0.01,
      length: 12,
      batch: 4,
    });
  const server = serve();
  const exchange: Exchange = (request) => server.handle('a', request);
  const trainer = (own: Exchange = exchange): Trainer =>
    splitTrainer(split.device, windows, own, { optimizer, ...options });
  return { split, server, serve, exchange, trainer, own: split.device.selection.gather(start) };
}

/** Losses of 50 steps of the whole model, and of its halves. */
async function losses(model: LanguageModel, optimizer: LocalOptimizer, cut: { after?: string; form?: SplitForm }) {
  const start = model.init(seededRng(1));
  const whole: number[] = [];
  const trained = await languageTrainer(model, windows, { optimizer, onStep: ({ loss }) => whole.push(loss) }).train(
    start,
    {},
    how(),
  );
  const halves: number[] = [];
  const { split, server, trainer, own } = pair(model, start, optimizer, cut, {
    onStep: ({ loss }) => halves.push(loss),
  });
  const { values, steps, examples } = await trainer().train(own, {}, how());
  expect({ steps, examples }).toEqual({ steps: 50, examples: trained.examples });
  expect(await server.endRound()).toBe(1);
  const joined = joinHalves(
    split,
    own.map((value, i) => value + values[i]),
    server.params(),
  );
  return { whole, halves, joined, expected: start.map((value, i) => value + trained.values[i]) };
}

const base = (() => {
  const model = transformer(SHAPE);
  return freeze(model, model.init(seededRng(9)), { kind: 'f32' });
})();

describe('a split model', () => {
  it.each<[string, LanguageModel, LocalOptimizer, { after?: string; form?: SplitForm }]>([
    ['llama, tied, AdamW', transformer(SHAPE), adamW(), {}],
    ['gpt, after the embedding', transformer({ ...SHAPE, style: 'gpt' }), adamW(), { after: 'model.embed_tokens' }],
    ['untied, sgd', transformer({ ...SHAPE, tiedEmbeddings: false }), sgd(), { after: 'model.layers.2' }],
    ['labels to the server', transformer({ ...SHAPE, tiedEmbeddings: false }), adamW(), { form: 'labels-to-server' }],
    ['LoRA over a frozen base', adapt(base, lora({ rank: 2, targets: 'all-linear' })), adamW(), {}],
    [
      'LoRA, labels to the server',
      adapt(base, lora({ rank: 2, targets: ['q_proj'] })),
      adamW(),
      { form: 'labels-to-server' },
    ],
    ['a prompt', adapt(base, promptTuning({ tokens: 3 })), adamW(), {}],
  ])('trains as the whole one does over 50 steps: %s', async (_, model, optimizer, cut) => {
    const { whole, halves, joined, expected } = await losses(model, optimizer, cut);
    expect(halves.length).toBe(50);
    expect(Math.abs(whole[49] - whole[0])).toBeGreaterThan(1e-3);
    halves.forEach((loss, i) => expect(Math.abs(loss / whole[i] - 1)).toBeLessThan(1e-4));
    joined.forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-4));
  });

  it('is the same where devices take turns, a message at a time', async () => {
    const model = transformer(SHAPE);
    const start = model.init(seededRng(1));
    const { server, own, split } = pair(model, start, adamW());
    const devices = ['a', 'b', 'c'].map((client) =>
      splitTrainer(split.device, windows, (request) => server.handle(client, request), { optimizer: adamW() }),
    );
    const together = await Promise.all(
      devices.map((device, i) => device.train(own, {}, how({ steps: 5, rng: seededRng(i) }))),
    );
    expect([...server.ended].sort()).toEqual(['a', 'b', 'c']);
    expect(await server.endRound(['a', 'c'])).toBe(2);
    for (const [i, { values }] of together.entries()) {
      const alone = pair(model, start, adamW());
      const { values: expected } = await alone.trainer().train(own, {}, how({ steps: 5, rng: seededRng(i) }));
      expect([...values]).toEqual([...expected]);
    }
  });

  it('averages the devices’ halves by any algorithm, and learns', async () => {
    const model = transformer(SHAPE);
    const start = model.init(seededRng(1));
    const { server, split, own } = pair(model, start, adamW());
    const algorithm = fedAvg();
    let state = algorithm.init(own);
    for (let round = 1; round <= 4; round++) {
      const aggregator = algorithm.aggregator(own.length);
      const sum = aggregator.create();
      for (const [client, seed] of [
        ['a', 1],
        ['b', 2],
      ] as const) {
        const trainer = splitTrainer(
          split.device,
          tokenWindows([text(seed)], { length: 12 }),
          (request) => server.handle(client, request),
          { optimizer: adamW() },
        );
        const options = how({ steps: 15, rng: seededRng(10 * round + seed) });
        const round_ = { broadcast: algorithm.broadcast(state), trainer, options };
        aggregator.accumulate(sum, (await algorithm.clientRound(round_)).contribution);
      }
      expect(await server.endRound()).toBe(2);
      state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort: 2, population: 2 });
    }
    const after = joinHalves(split, algorithm.params(state), server.params());
    expect(model.evaluate(after, windows).loss).toBeLessThan(0.8 * model.evaluate(start, windows).loss);
  });
});

describe('values on their way', () => {
  const model = transformer(SHAPE);
  const start = model.init(seededRng(1));
  const last = async (options: SplitTrainerOptions) => {
    const seen: SplitStep[] = [];
    const { trainer, own } = pair(model, start, adamW(), {}, { ...options, onStep: (step) => seen.push(step) });
    await trainer().train(own, {}, how({ steps: 40 }));
    return seen;
  };

  it('end where whoever is told of a step rejects', async () => {
    const onStep = async () => Promise.reject(new Error('enough'));
    const { trainer, own } = pair(model, start, adamW(), {}, { onStep });
    await expect(trainer().train(own, {}, how({ steps: 4 }))).rejects.toThrow('enough');
  });

  it('go through any codec, both ways', async () => {
    const plain = await last({});
    const halves = await last({ states: half, gradients: half });
    expect(halves[39].loss / plain[39].loss).toBeCloseTo(1, 1);
    const values = 4 * 12 * 16;
    expect(plain[0].bytesUp).toBe(2 * 4 * values + 42);
    expect(halves[0].bytesUp).toBe(2 * 2 * values + 42);
    expect(halves[0].bytesDown).toBe(2 * 2 * values + 2);
  });

  it('are bounded and blurred by option', async () => {
    const seen = await last({ noise: { maxNorm: 1, std: 0.5 } });
    expect(seen[39].loss).toBeGreaterThan((await last({}))[39].loss + 0.05);
    const states = Float32Array.from({ length: 4000 }, (_, i) => (i < 2000 ? 10 : 0.001));
    blur(states, 4, { maxNorm: 2, std: 0.25 }, seededRng(3));
    const [high, low] = [states.subarray(0, 2000), states.subarray(2000)];
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Each of four equal values of norm 2 is 1; the noise of the mean is 0.25/√2000.
    expect(Math.abs(mean(high) - 1)).toBeLessThan(0.03);
    expect(Math.abs(mean(low) - 0.001)).toBeLessThan(0.03);
    expect(Math.sqrt(mean(low.map((value) => value * value)))).toBeCloseTo(0.25, 1);
  });

  it('are refused where they are none', async () => {
    const { split, server, own, exchange } = pair(model, start, adamW());
    const ask = async (request: SplitRequest, client = 'a') =>
      decodeAnswer(await server.handle(client, encodeRequest(request)));
    const run = new Uint8Array(8);
    const begin = async () => ask({ kind: 'begin', run, task: taskOf(split.device, 12, {}) });
    await expect(ask({ kind: 'begin', run, task: new Uint8Array(32) })).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
    });
    const body = new Uint8Array(4 * 12 * 16 * 4);
    await expect(ask({ kind: 'states', run, step: 1, windows: 4, body })).rejects.toMatchObject({
      code: 'PROTOCOL_STATE',
    });
    await begin();
    await expect(ask({ kind: 'gradient', run, step: 1, body })).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    await expect(ask({ kind: 'states', run, step: 2, windows: 4, body })).rejects.toMatchObject({
      code: 'PROTOCOL_STATE',
    });
    await expect(ask({ kind: 'states', run, step: 1, windows: 5, body })).rejects.toMatchObject({
      code: 'OUT_OF_RANGE',
    });
    await expect(ask({ kind: 'states', run, step: 1, windows: 3, body })).rejects.toMatchObject({
      code: 'DECODE_FAILED',
    });
    const targets = new Int32Array(48);
    await expect(ask({ kind: 'labelled', run, step: 1, windows: 4, targets, body })).rejects.toMatchObject({
      code: 'PROTOCOL_STATE',
    });
    const bad = body.slice().fill(0xff);
    await expect(ask({ kind: 'states', run, step: 1, windows: 4, body: bad })).rejects.toMatchObject({
      code: 'DECODE_FAILED',
    });
    await expect(server.handle('a', Uint8Array.of(1, 2, 3)).then(decodeAnswer)).rejects.toMatchObject({
      code: 'DECODE_FAILED',
    });
    expect(await server.endRound()).toBe(0);
    expect([...server.params()]).toEqual([...split.server.selection.gather(start)]);

    const other = splitTrainer(split.device, tokenWindows([text(1)], { length: 10 }), exchange);
    await expect(other.train(own, {}, how())).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    expect(() => splitModel(model, { after: 'model.layers.3' })).toThrowError(/model.layers.0 to .2/);
    expect(() => splitModel(model, { after: 'model.layers.1', form: 'labels-to-server' })).toThrowError(/untied/);
    expect(() => splitTrainer(split.server, windows, exchange)).toThrowError(/device/);
    expect(() =>
      splitServer(split.device, own, { optimizer: sgd(), learningRate: 1, length: 12, batch: 4 }),
    ).toThrowError(/server/);
  });
});

describe('what leaves a device', () => {
  const model = transformer({ ...SHAPE, width: 32 });
  const start = model.init(seededRng(1));

  /** Share of tokens that whoever has the published embedding reads off the states behind it. */
  const recovered = (noise?: StateNoise) => {
    const { device } = splitModel(model, { after: 'model.embed_tokens' });
    const own = device.selection.gather(start);
    const states = leavingStates(device, own, windows, noise, seededRng(7));
    const embedding = model.layout.view(start, 'model.embed_tokens.weight');
    let right = 0;
    windows.tokens.forEach((token, at) => {
      const distance = (candidate: number) => {
        let sum = 0;
        for (let i = 0; i < 32; i++) sum += (states[32 * at + i] - embedding[32 * candidate + i]) ** 2;
        return sum;
      };
      const best = Array.from({ length: 30 }, (_, candidate) => candidate).reduce((a, b) =>
        distance(b) < distance(a) ? b : a,
      );
      if (best === token) right++;
    });
    return right / windows.tokens.length;
  };

  it('is the text itself behind the embedding; noise as large as the states hides some of it', () => {
    expect(recovered()).toBe(1);
    expect(recovered({ maxNorm: 1, std: 0.1 })).toBeLessThan(0.95);
    expect(recovered({ maxNorm: 1, std: 1 })).toBeLessThan(0.25);
  });
});

describe('a partner that vanishes', () => {
  const model = transformer(SHAPE);
  const start = model.init(seededRng(1));
  const reference = async () => {
    const { trainer, own, server } = pair(model, start, adamW());
    const { values } = await trainer().train(own, {}, how({ steps: 6 }));
    await server.endRound();
    return { values: [...values], server: [...server.params()] };
  };

  it('device, at every message: the training goes on where it was', async () => {
    const expected = await reference();
    for (let lost = 1; lost <= 12; lost++) {
      for (const where of ['request', 'answer'] as const) {
        const store = memoryStore();
        const { trainer, own, server, exchange } = pair(model, start, adamW(), {}, { store });
        let sent = 0;
        const failing: Exchange = async (request) => {
          sent++;
          if (sent === lost + 1 && where === 'request') throw new Error('gone');
          const answer = await exchange(request);
          if (sent === lost + 1) throw new Error('gone');
          return answer;
        };
        await expect(trainer(failing).train(own, {}, how({ steps: 6 }))).rejects.toThrow('gone');
        const { values } = await trainer().train(own, {}, how({ steps: 6 }));
        await server.endRound();
        expect([...values]).toEqual(expected.values);
        expect([...server.params()]).toEqual(expected.server);
      }
    }
  });

  it('server, between any two messages: its store has the run', async () => {
    const expected = await reference();
    for (let crash = 2; crash <= 13; crash += 3) {
      const store = memoryStore();
      const { trainer, own, server, serve } = pair(model, start, adamW(), {}, { store });
      let current = server;
      let sent = 0;
      const exchange: Exchange = (request) => {
        if (++sent === crash) current = serve();
        return current.handle('a', request);
      };
      // A step in mid-batch is begun again by the device, from its own store.
      const run = () => trainer(exchange).train(own, {}, how({ steps: 6 }));
      const { values } = await run().catch(run);
      await current.endRound();
      expect([...values]).toEqual(expected.values);
      expect([...current.params()]).toEqual(expected.server);
    }
  });

  it('whose server forgot the run starts over', async () => {
    const expected = await reference();
    const store = memoryStore();
    const split = pair(model, start, adamW(), {}, { store });
    let sent = 0;
    const failing: Exchange = async (request) => {
      if (++sent === 6) throw new Error('gone');
      return split.exchange(request);
    };
    await expect(split.trainer(failing).train(split.own, {}, how({ steps: 6 }))).rejects.toThrow('gone');
    await split.server.endRound();
    const { values } = await split.trainer().train(split.own, {}, how({ steps: 6 }));
    expect([...values]).toEqual(expected.values);
  });
});

describe('trainingOperations', () => {
  it.each<[string, LanguageModel]>([
    ['llama', transformer(SHAPE)],
    [
      'gpt, grouped, untied',
      transformer({ ...SHAPE, heads: 4, keyValueHeads: 2, style: 'gpt', tiedEmbeddings: false }),
    ],
    ['LoRA on q and v', adapt(base, lora({ rank: 2, targets: ['q_proj', 'v_proj'] }))],
    ['LoRA on the top block', adapt(base, lora({ rank: 2, targets: 'all-linear', layers: (l) => l === 3 }))],
  ])('counts what the kernels are asked for: %s', async (_, model) => {
    for (const checkpoint of [false, true]) {
      let counted = 0;
      const kernels = model.base.memory.kernels as unknown as Record<string, (...args: number[]) => void>;
      const watched = { gemm: [8, 9, 10], gemmQuantized: [6, 7, 8], gemmQuantizedInput: [6, 7, 8] } as const;
      const original = { ...kernels };
      for (const [name, [m, n, k]] of Object.entries(watched)) {
        kernels[name] = (...args) => {
          counted += 2 * args[m] * args[n] * args[k];
          original[name](...args);
        };
      }
      try {
        const trainer = languageTrainer(model, windows, { checkpoint });
        await trainer.train(model.init(seededRng(1)), {}, how({ steps: 1 }));
      } finally {
        Object.assign(kernels, original);
      }
      expect(trainingOperations(model, { batch: 4, length: 12, checkpoint }).total).toBe(counted);
    }
  });

  it('leaves a device with 2 of 8 blocks at most 0.35 of the whole', () => {
    for (const model of [
      transformer({ ...SHAPE, vocabulary: 256, width: 64, layers: 8 }),
      transformer({ ...SHAPE, vocabulary: 512, width: 128, layers: 8, heads: 4 }),
    ]) {
      const { device, server } = splitModel(model, { after: 'model.layers.1' });
      const step = { batch: 4, length: 16 };
      const [whole, own, rest] = [model, device, server].map((part) => trainingOperations(part, step).total);
      expect(own / whole).toBeLessThanOrEqual(0.35);
      expect(own + rest).toBe(whole);
    }
  });
});
