import {
  federatedClient,
  federatedServer,
  memoryStore,
  plainUpdates,
  seededRng,
  secureRng,
  type Trainer,
} from '@fedkit/core';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { describe, expect, it } from 'vitest';
import { lora } from '../adapt/lora.ts';
import type { LanguageModel } from '../model/language-model.ts';
import { adapt, transformer } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import { adamW } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { flexLora, florist, type ProductAlgorithm } from './algorithms.ts';
import { type AdapterUpdate, adapterUpdate } from './factors.ts';
import { truncatedProduct } from './products.ts';
import { lowerRankTrainer } from './ranks.ts';

const start = transformer({ vocabulary: 24, width: 16, layers: 1, heads: 2, context: 8 });
const base = freeze(start, start.init(seededRng(1)));
const adapterOf = (rank: number, alpha: number) => adapt(base, lora({ rank, alpha, targets: ['q_proj', 'down_proj'] }));
const server = adapterOf(4, 8);
// Other ranks with other scales; the third is as the server's.
const own = [adapterOf(1, 5), adapterOf(2, 3), adapterOf(4, 8), adapterOf(3, 9)];

function textsOf(client: number) {
  const rng = seededRng(client);
  return tokenWindows([Array.from({ length: 17 + 8 * client }, () => rng.below(24))], { length: 8 });
}

/** Two rounds over a server and its clients; what every client trained in each, in its own rank. */
async function run(algorithm: ProductAlgorithm, models: readonly LanguageModel[]) {
  const pipeline = plainUpdates({ algorithm, layout: server.layout });
  const federation = await federatedServer({
    pipeline,
    initial: server.init(seededRng(2)),
    cohort: models.length,
    minimum: models.length,
    rounds: 2,
    retryAfter: 5,
    deadlines: { recruiting: 60_000, reporting: 60_000 },
    store: memoryStore(),
    clock: Date.now,
    rng: seededRng(4),
  });
  const trained: AdapterUpdate[][] = models.map(() => []);
  await Promise.all(
    models.map((model, i) => {
      const inner = languageTrainer(model, textsOf(i), { optimizer: adamW() });
      const seen: Trainer = {
        ...inner,
        async train(from, objective, options) {
          const result = await inner.train(from, objective, options);
          const after = from.map((value, j) => value + result.values[j]);
          trained[i].push(adapterUpdate(model, after, result.examples));
          return result;
        },
      };
      return federatedClient({
        id: `client-${i}`,
        pipeline: plainUpdates({ algorithm, layout: server.layout }),
        trainer: lowerRankTrainer(seen, model, server),
        local: () => ({ steps: 6, batchSize: 2, learningRate: 0.02 }),
        exchange: memoryTransport(federation, `client-${i}`),
        store: memoryStore(),
        rng: secureRng(),
      }).run();
    }),
  );
  return { state: federation.state, records: await federation.records(), trained };
}

/** Logits, which see the product and its scale alone. */
function logitsOf(model: LanguageModel, params: Float32Array): Float32Array {
  return model.logits(params, [1, 2, 3, 5, 8, 13, 21, 0]);
}

describe('rounds of clients whose ranks differ, through a server', () => {
  for (const [name, energy, algorithm] of [
    ['FlexLoRA', 1, flexLora(server)],
    ['FLoRIST', 0.9, florist(server, { energy: 0.9 })],
  ] as const) {
    it(`come to the best adapter of the mean product: ${name}`, async () => {
      const { state, records, trained } = await run(algorithm, own);
      expect(records.map(({ outcome }) => outcome)).toEqual(['published', 'published']);
      const last = trained.map((rounds) => rounds[1]);
      const expected = truncatedProduct(last, { rank: 4, scale: 2, energy });
      // Σ r_k is 10: something is always cut.
      expect(expected.error).toBeGreaterThan(1e-3);
      expect(Math.abs(state.truncationError - expected.error)).toBeLessThan(1e-4 * expected.error);
      const params = server.init(seededRng(2));
      for (const { name: tensor, offset } of server.layout.tensors) {
        params.set(expected.layout.view(expected.values, tensor), offset);
      }
      const [found, wanted] = [logitsOf(server, state.params), logitsOf(server, params)];
      found.forEach((value, i) => expect(Math.abs(value - wanted[i])).toBeLessThan(1e-4));
      expect(found.some((value, i) => Math.abs(value - logitsOf(server, server.init(seededRng(2)))[i]) > 1e-3)).toBe(
        true,
      );
    });
  }
});

describe('a client of a lower rank', () => {
  it('computes what its own model computes', async () => {
    const [small] = own;
    const rng = seededRng(6);
    const params = server.init(rng).map((value) => value + 0.2 * (rng.uniform() - 0.5));
    const windows = textsOf(3);
    const inner = languageTrainer(small, windows);
    let low: Float32Array | undefined;
    const watched: Trainer = { ...inner, train: (from, ...rest) => inner.train((low = from), ...rest) };
    const trainer = lowerRankTrainer(watched, small, server);
    const how = { steps: 1, batchSize: 'all', learningRate: 0.1, rng: seededRng(1) } as const;
    const { values } = await trainer.train(params, {}, how);
    const after = params.map((value, i) => value + values[i]);
    const alone = await inner.train(low as Float32Array, {}, { ...how, rng: seededRng(1) });
    const expected = (low as Float32Array).map((value, i) => value + alone.values[i]);
    // The padded answer is the small model's own product.
    const [found, wanted] = [logitsOf(server, after), logitsOf(small, expected)];
    found.forEach((value, i) => expect(Math.abs(value - wanted[i])).toBeLessThan(1e-5));
  });

  it('has gradients that finite differences show, and none where it has no columns', async () => {
    const small = own[1];
    const windows = textsOf(2);
    const trainer = lowerRankTrainer(languageTrainer(small, windows), small, server);
    const rng = seededRng(7);
    // As a client of rank two answers: what is beyond its columns is zero, so that both models are the same function.
    const random = server.init(rng).map((value) => value + 0.4 * (rng.uniform() - 0.5));
    const { values } = await trainer.train(random, {}, { steps: 1, batchSize: 'all', learningRate: 1e-30, rng });
    const at = random.map((value, i) => value + values[i]);
    const gradient = await trainer.gradient(at);
    for (const { name, offset, size } of server.layout.tensors) {
      const part = gradient.subarray(offset, offset + size);
      const norm = Math.hypot(...part);
      const along = (t: number) => {
        const moved = at.slice();
        part.forEach((value, i) => (moved[offset + i] += (t * value) / norm));
        return server.evaluate(moved, windows).loss;
      };
      const slope = (along(0.02) - along(-0.02)) / 0.04;
      expect(Math.abs(slope - norm) / norm, name).toBeLessThan(0.01);
    }
  });

  it('is refused where it has no place', async () => {
    const trainer = (model: LanguageModel) => languageTrainer(model, textsOf(0));
    const code = (name: string) => expect.objectContaining({ name: 'FedkitError', code: name });
    const wide = adapterOf(5, 5);
    expect(() => lowerRankTrainer(trainer(wide), wide, server)).toThrowError(code('SHAPE_MISMATCH'));
    const other = adapt(base, lora({ rank: 1, targets: ['v_proj'] }));
    expect(() => lowerRankTrainer(trainer(other), other, server)).toThrowError(code('SHAPE_MISMATCH'));
    const half = adapt(base, lora({ rank: 1, targets: ['q_proj', 'down_proj'], frozenA: { seed: 1 } }));
    expect(() => lowerRankTrainer(trainer(half), half, server)).toThrowError(code('INVALID_ARGUMENT'));
    const proximal = lowerRankTrainer(trainer(own[0]), own[0], server);
    const how = { steps: 1, batchSize: 1, learningRate: 0.1, rng: seededRng(1) } as const;
    const start = server.init(seededRng(1));
    await expect(proximal.train(start, { proximal: 1 }, how)).rejects.toThrowError(code('INVALID_ARGUMENT'));
    await expect(proximal.train(start.slice(1), {}, how)).rejects.toThrowError(code('SHAPE_MISMATCH'));
  });
});
