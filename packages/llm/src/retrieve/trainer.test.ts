import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { distance, encoderVectors, retrievalVector } from '../../test/vectors.helpers.ts';
import { adaptEncoder } from '../encoder/adapted.ts';
import { loadEncoder } from '../encoder/load.ts';
import { randomEncoder } from '../encoder/random.ts';
import { bytesSource } from '../source/byte-source.ts';
import { adamW } from '../train/optimizer.ts';
import { contrastiveLoss } from './contrastive.ts';
import { ranksOf, recallAt } from './recall.ts';
import { contrastiveStep } from './step.ts';
import { contrastiveTrainer, type ContrastiveTrainerOptions, type RetrievalPair } from './trainer.ts';

const [source, tanh] = encoderVectors();
const load = (kernels: 'fastest' | 'plain' = 'fastest', of = source) =>
  loadEncoder(bytesSource(of.file), of.config, { kernels });
const encoder = await load();

describe('an adapted encoder', () => {
  const { queries, passages, loss, vectors, factors, gradients } = retrievalVector();
  const model = adaptEncoder(encoder, { rank: 3, alpha: 6, targets: 'all-linear' });
  const params = new Float32Array(model.layout.size);
  for (const [name, values] of factors) model.layout.view(params, name).set(values);
  const masked = (i: number, j: number) => i === 0 && j === 2;

  it("has PEFT's vectors", () => {
    expect(model.layout.tensors.map(({ name }) => name)).toEqual([...factors.keys()]);
    const found = model.embed(params, [...queries, ...passages]);
    expect(distance(Float32Array.from(found.flatMap((own) => [...own])), vectors)).toBeLessThan(1e-6);
  });

  it.each([2048, 12, 1])("has autograd's loss and gradients, %i tokens at a time", (tokens) => {
    const session = model.session(params, true);
    const found = contrastiveStep(session, { queries, passages, masked, scale: 20 }, tokens, true);
    expect(Math.abs(found - loss)).toBeLessThan(1e-5);
    const gradient = session.gradient().slice();
    for (const [name, expected] of gradients) {
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(distance(model.layout.view(gradient, name), expected), name).toBeLessThan(1e-4 * Math.max(1, largest));
    }
  });

  it('comes to the same bits in plain JavaScript, with either GELU', async () => {
    for (const of of [source, tanh]) {
      const [fast, plain] = await Promise.all([load('fastest', of), load('plain', of)]);
      const [first, second] = [fast, plain].map((own) => {
        const adapted = adaptEncoder(own, { rank: 3, alpha: 6, targets: 'all-linear' });
        const session = adapted.session(params, true);
        contrastiveStep(session, { queries, passages, masked, scale: 20 }, 12, true);
        return session.gradient().slice();
      });
      expect(second).toEqual(first);
    }
  });

  it('starts as the encoder itself, and says which it is', () => {
    const start = model.init(seededRng(1));
    expect(model.embed(start, queries)).toEqual(encoder.embed(queries));
    expect(model.digest(start)).not.toBe(model.digest(params));
    expect(adaptEncoder(encoder, { rank: 3, alpha: 9, targets: 'all-linear' }).digest(params)).not.toBe(
      model.digest(params),
    );
  });

  it('trains B alone beside a frozen A', async () => {
    const frozen = adaptEncoder(encoder, { rank: 2, frozenA: { seed: 5 } });
    expect(frozen.layout.tensors.every(({ name }) => name.endsWith('lora_B.weight'))).toBe(true);
    const gradient = await contrastiveTrainer(frozen, pairsOf(6)).gradient(frozen.init(seededRng(1)));
    expect(Math.hypot(...gradient)).toBeGreaterThan(1e-3);
  });

  it('refuses what it cannot be', () => {
    for (const [options, code] of [
      [{ rank: 0 }, 'OUT_OF_RANGE'],
      [{ rank: 1, alpha: 0 }, 'OUT_OF_RANGE'],
      [{ rank: 1, targets: ['q_proj'] }, 'INVALID_ARGUMENT'],
      [{ rank: 1, targets: [] }, 'INVALID_ARGUMENT'],
      [{ rank: 1, layers: () => false }, 'INVALID_ARGUMENT'],
    ] as const) {
      expect(() => adaptEncoder(encoder, options as never)).toThrowError(expect.objectContaining({ code }));
    }
    expect(() => model.embed(new Float32Array(3), queries)).toThrowError(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
    expect(() => model.embed(params, [[61]])).toThrowError(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });
});

/** Pairs whose passage is the query's tokens, each replaced by another as a fixed table has it: learnable, not there from the start. */
function pairsOf(count: number, seed = 7): RetrievalPair[] {
  const table = Array.from({ length: 30 }, (_, token) => 30 + ((7 * token + 3) % 30));
  const rng = seededRng(seed);
  return Array.from({ length: count }, () => {
    const query = Array.from({ length: 6 }, () => rng.below(30));
    return { query: [60, ...query], passage: [60, ...query.map((token) => table[token])] };
  });
}

const how = { steps: 60, batchSize: 16, learningRate: 1e-2, rng: seededRng(3) };

describe('contrastive training', () => {
  const model = adaptEncoder(encoder, { rank: 8, targets: 'all-linear' });
  const start = model.init(seededRng(2));
  const found = (params: Float32Array, pairs: readonly RetrievalPair[]) => {
    const [queries, passages] = (['query', 'passage'] as const).map((of) =>
      model.embed(
        params,
        pairs.map((pair) => pair[of]),
      ),
    );
    return recallAt(ranksOf(queries, passages), 5);
  };
  const train = async (options: ContrastiveTrainerOptions) => {
    const losses: number[] = [];
    const onStep = ({ loss }: { loss: number }) => losses.push(loss);
    const trainer = contrastiveTrainer(model, pairsOf(120), { optimizer: adamW(), ...options, onStep });
    const { values, examples } = await trainer.train(start, {}, { ...how, rng: seededRng(3) });
    expect(examples).toBe(120);
    return { params: values.map((value, i) => start[i] + value), losses };
  };

  it('finds what nobody trained on, which the start does not', async () => {
    const unseen = pairsOf(100, 99);
    const before = found(start, unseen);
    const { params, losses } = await train({});
    expect(losses.length).toBe(60);
    expect(losses[59]).toBeLessThan(0.5 * losses[0]);
    expect(found(params, unseen)).toBeGreaterThan(before + 0.3);
  }, 30_000);

  it('has gradients that are the slope of its loss', async () => {
    const small = adaptEncoder(encoder, { rank: 2 });
    const rng = seededRng(11);
    const at = small.init(rng).map((value) => value + 0.3 * (rng.uniform() - 0.5));
    const centroids = { vectors: encoder.embed([[3, 4], [40, 41, 42], [9]]), count: 2 };
    const trainer = contrastiveTrainer(small, pairsOf(7), { centroids });
    const gradient = await trainer.gradient(at);
    const norm = Math.hypot(...gradient);
    const lossAt = async (t: number) => {
      const moved = at.map((value, i) => value + (t * gradient[i]) / norm);
      // Mined by the model that a training starts from: held still here, as it is within one.
      const once = { steps: 1, batchSize: 'all' as const, learningRate: 1e-9, rng, lossAtStart: true };
      return (await trainer.train(moved, {}, once)).lossAtStart ?? Number.NaN;
    };
    const step = 2e-3;
    const slope = ((await lossAt(step)) - (await lossAt(-step))) / (2 * step);
    expect(Math.abs(slope - norm)).toBeLessThan(0.01 * norm);
  });

  it('leaves near-duplicates out of the negatives', async () => {
    const [first, ...others] = pairsOf(4);
    // The same passage but for one token, another query.
    const twin = { query: others[0].query, passage: [...Array.from(first.passage).slice(0, -1), 59] };
    const lossOf = async (nearDuplicate: number) => {
      const trainer = contrastiveTrainer(model, [first, twin, ...others], { nearDuplicate });
      const once = { steps: 1, batchSize: 'all' as const, learningRate: 1e-9, rng: seededRng(1), lossAtStart: true };
      return (await trainer.train(start, {}, once)).lossAtStart as number;
    };
    expect(await lossOf(0.7)).toBeLessThan((await lossOf(1)) - 0.05);
  });

  it('meets harder batches by its own index and by the centroids of others', async () => {
    const first = async (options: ContrastiveTrainerOptions) => (await train(options)).losses[0];
    const plain = await first({});
    expect(await first({ hardNegatives: { count: 2, below: 1 } })).toBeGreaterThan(plain);
    const vectors = encoder.embed(pairsOf(3, 5).map(({ passage }) => passage));
    expect(await first({ centroids: { vectors, count: 2 } })).toBeGreaterThan(plain);
  }, 30_000);

  it('gives the same bytes again, whoever works in the memory in between', async () => {
    const trainer = () => contrastiveTrainer(model, pairsOf(20), { optimizer: adamW() });
    const options = () => ({ steps: 4, batchSize: 5, learningRate: 1e-2, rng: seededRng(3) });
    const alone = await trainer().train(start, {}, options());
    const [first, second] = await Promise.all([
      trainer().train(start, {}, options()),
      trainer().train(start, {}, options()),
      Promise.resolve(encoder.embed([[1, 2, 3]])),
    ]);
    expect(first.values).toEqual(alone.values);
    expect(second.values).toEqual(alone.values);
  });

  it('stops when it is told to, and refuses what it cannot train', async () => {
    const aborted = { ...how, signal: AbortSignal.abort() };
    await expect(contrastiveTrainer(model, pairsOf(3)).train(start, {}, aborted)).rejects.toMatchObject({
      code: 'ABORTED',
    });
    const refused: readonly [readonly RetrievalPair[], ContrastiveTrainerOptions, string][] = [
      [[], {}, 'INVALID_ARGUMENT'],
      [[{ query: [], passage: [1] }], {}, 'INVALID_ARGUMENT'],
      [[{ query: [61], passage: [1] }], {}, 'OUT_OF_RANGE'],
      [pairsOf(2), { scale: 0 }, 'OUT_OF_RANGE'],
      [pairsOf(2), { nearDuplicate: 2 }, 'OUT_OF_RANGE'],
      [pairsOf(2), { hardNegatives: { count: 3 } }, 'OUT_OF_RANGE'],
      [pairsOf(2), { centroids: { vectors: [new Float32Array(3)], count: 1 } }, 'SHAPE_MISMATCH'],
      [pairsOf(2), { centroids: { vectors: [], count: 1 } }, 'OUT_OF_RANGE'],
    ];
    for (const [pairs, options, code] of refused) {
      expect(() => contrastiveTrainer(model, pairs, options)).toThrowError(expect.objectContaining({ code }));
    }
  });
});

describe('an encoder of random weights', () => {
  const shape = {
    vocabulary: 61,
    width: 24,
    layers: 1,
    heads: 3,
    hidden: 32,
    context: 16,
    segments: 1,
    epsilon: 1e-12,
    activation: 'gelu',
  } as const;

  it('is the same from one seed, on plain JavaScript too', () => {
    const fast = randomEncoder(shape, { seed: 4 });
    const plain = randomEncoder(shape, { seed: 4, kernels: 'plain' });
    expect(plain.digest()).toBe(fast.digest());
    expect(plain.embed([[1, 2, 3]])).toEqual(fast.embed([[1, 2, 3]]));
    expect(randomEncoder(shape, { seed: 5 }).digest()).not.toBe(fast.digest());
  });

  it('has texts near one another that share tokens', () => {
    const [one, alike, other] = randomEncoder(shape, { seed: 4 }).embed([
      [1, 2, 3, 4],
      [1, 2, 3, 9],
      [20, 21, 22, 23],
    ]);
    const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, d) => sum + value * b[d], 0);
    expect(cosine(one, alike)).toBeGreaterThan(cosine(one, other) + 0.1);
    expect(() => randomEncoder({ ...shape, heads: 5 }, { seed: 1 })).toThrowError(/heads/);
  });
});

describe('the contrastive loss', () => {
  it('is 0 where nothing else is there, and ln n among equals', () => {
    const vector = () => Float32Array.of(0, 2, 0);
    const masked = () => false;
    expect(contrastiveLoss({ queries: [vector()], passages: [vector()], masked, scale: 20 }).loss).toBe(0);
    const all = { queries: [vector()], passages: [vector(), vector(), vector()], masked, scale: 20 };
    expect(contrastiveLoss(all).loss).toBeCloseTo(Math.log(3), 12);
    expect(contrastiveLoss({ ...all, masked: () => true }).loss).toBe(0);
  });

  it('has gradients across every vector, since lengths do not count', () => {
    const rng = seededRng(3);
    const draw = () => Float32Array.from({ length: 5 }, () => rng.uniform() - 0.5);
    const [queries, passages] = [Array.from({ length: 4 }, draw), Array.from({ length: 6 }, draw)];
    const found = contrastiveLoss({ queries, passages, masked: () => false, scale: 20 });
    [...queries, ...passages].forEach((vector, i) => {
      const gradient = [...found.queries, ...found.passages][i];
      expect(Math.abs(vector.reduce((sum, value, d) => sum + value * gradient[d], 0))).toBeLessThan(1e-5);
    });
    // Zero vectors have no direction.
    const zero = contrastiveLoss({ queries: [new Float32Array(5)], passages, masked: () => false, scale: 20 });
    expect(zero.queries[0]).toEqual(new Float32Array(5));
  });
});
