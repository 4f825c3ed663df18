import { fedAvg, plainTrainer, plainUpdates, seededRng, softmaxRegression } from '@fedkit/core';
import { simulate } from '@fedkit/core/simulation';
import { describe, expect, it } from 'vitest';
import { eden } from '../eden/eden.ts';
import { stc } from '../sparse/top-k.ts';
import { contraction } from './contraction.ts';
import { applyCatchUp, downlink, restoreDownlink } from './downlink.ts';
import { feedbackCodec } from './feedback-codec.ts';

const model = softmaxRegression({ inputs: 12, classes: 4 });
const { size } = model.layout;
const rng = seededRng('simulated downlink');
const labels = Uint8Array.from({ length: 480 }, () => rng.below(4));
const inputs = Float32Array.from({ length: 12 * 480 }, (_, i) => {
  const bright = Math.floor((i % 12) / 3) === labels[Math.floor(i / 12)];
  return (bright ? 1 : 0) + rng.uniform();
});
const data = { inputs, labels };
const parts = Array.from({ length: 12 }, (_, i) => Uint32Array.from({ length: 40 }, (_row, row) => 12 * row + i));
const algorithm = fedAvg();
const codecs = { 'EDEN at a bit': contraction(eden({ bits: 1 })), 'STC 1/10': stc({ density: 0.1 }) };

describe('a downlink in a simulation', () => {
  for (const [name, codec] of Object.entries(codecs)) {
    const options = {
      algorithm,
      clients: parts.map((rows) => plainTrainer(model, { ...data, rows })),
      initial: model.init(seededRng(1)),
      layout: model.layout,
      local: { steps: 4, batchSize: 10, learningRate: 0.2 },
      cohort: 4,
      rounds: 40,
      seed: 2,
      channel: plainUpdates({ algorithm, layout: model.layout, codec, errorFeedback: feedbackCodec() }),
      downlink: (saved?: Uint8Array) => (saved ? restoreDownlink(codec, saved, { size }) : downlink(codec, { size })),
    };

    it(`learns by what clients can decode, and counts it: ${name}`, async () => {
      const published: ReturnType<typeof downlink>[] = [];
      const models: Float32Array[] = [];
      const { rounds, params } = await simulate({
        ...options,
        downlink: () => {
          const own = downlink(codec, { size, history: 8 });
          published.push(own);
          return own;
        },
        onProgress(event) {
          if (event.kind !== 'started') return;
          models.push(event.broadcast.params);
          // Whoever has the model of three rounds ago comes to this one.
          if (models.length < 4) return;
          const late = models[models.length - 4].slice();
          const catchUp = published[0].catchUp(published[0].version - 3) as Uint8Array;
          expect(applyCatchUp(late, catchUp)).toBe(published[0].version);
          late.forEach((value, i) => expect(value).toBeCloseTo(event.broadcast.params[i], 5));
        },
      });
      expect(published.length).toBe(1);
      expect(published[0].version).toBe(40);
      expect(model.evaluate(params, data).accuracy).toBeGreaterThan(0.9);
      const down = rounds.reduce((sum, { bytesDown }) => sum + bytesDown, 0);
      expect(down).toBeLessThan(0.7 * 40 * 4 * 4 * size);
      // All twelve fetched a model once.
      expect(down).toBeGreaterThan(12 * 4 * size);
    });

    it(`goes on from a checkpoint: ${name}`, async () => {
      const straight = await simulate(options);
      const half = await simulate({ ...options, rounds: 17 });
      const resumed = await simulate({ ...options, from: half.checkpoint() });
      expect(resumed.params).toEqual(straight.params);
      expect(resumed.rounds).toEqual(straight.rounds.slice(17));
      expect(resumed.checkpoint()).toEqual(straight.checkpoint());
    });
  }
});
