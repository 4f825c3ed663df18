import { fedAvg, seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { transformer } from '../model/transformer.ts';
import { adamW } from '../train/optimizer.ts';
import { languageTrainer } from '../train/trainer.ts';
import { tokenWindows } from '../train/windows.ts';
import { ensembleLogits, publicLogits } from './ensemble.ts';
import { fedDf } from './fed-df.ts';
import { type MemberTrainer, memberTrainer, noConsensus } from './fed-md.ts';

const shape = { vocabulary: 256, layers: 1, heads: 2, context: 32 };
const text = (words: string) => tokenWindows([new TextEncoder().encode(words.repeat(6))], { length: 32 });
const open = text('the rain in Spain and the sun in Norway. ');
const [spain, norway] = [text('the rain in Spain stays. '), text('the sun in Norway does not. ')];
const how = (seed: number, steps = 50) => ({ steps, batchSize: 4, learningRate: 0.01, rng: seededRng(seed) });
const optimizer = adamW();

async function trained(width: number, windows: typeof open) {
  const model = transformer({ ...shape, width });
  const start = model.init(seededRng(width));
  const { values } = await languageTrainer(model, windows, { optimizer }).train(start, {}, how(1));
  return { model, params: start.map((value, i) => value + values[i]) };
}

describe('FedDF', () => {
  it('makes one model of two shapes, which then knows what either knew', async () => {
    const members = [await trained(32, spain), await trained(24, norway)];
    const student = transformer({ ...shape, width: 16 });
    const start = student.init(seededRng(5));
    const params = await fedDf({ members, student, start, windows: open, train: how(2, 80), optimizer });
    for (const windows of [spain, norway]) {
      expect(student.evaluate(params, windows).loss).toBeLessThan(student.evaluate(start, windows).loss - 1);
    }
    // To the bit a training towards the mean of the logits, and nothing of the targets.
    const logits = ensembleLogits(
      members.map(({ model, params: own }) => publicLogits(model, own, open)),
      {
        vocabulary: 256,
      },
    );
    const teacher = { logits, temperature: 1, share: 1 };
    const { values } = await languageTrainer(student, open, { optimizer, teacher }).train(start, {}, how(2, 80));
    expect(params).toEqual(start.map((value, i) => value + values[i]));
  });

  it('counts members by their weights, and refuses what has no sense', async () => {
    const members = [await trained(16, spain), await trained(16, norway)];
    const [{ model: student, params: start }] = members;
    const by = (weights: readonly number[]) =>
      fedDf({
        members: members.map((member, m) => ({ ...member, weight: weights[m] })),
        student,
        start,
        windows: open,
        train: how(3, 10),
      });
    expect(await by([1, 3])).toEqual(await by([2, 6]));
    expect(await by([1, 3])).not.toEqual(await by([1, 1]));
    await expect(by([0, 1])).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    const other = transformer({ ...shape, vocabulary: 300, width: 8 });
    const wrong = { members, student: other, start: other.init(seededRng(1)), windows: open, train: how(1) };
    await expect(fedDf(wrong)).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    await expect(fedDf({ ...wrong, members: [] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('FedMD', () => {
  it('has members of two shapes learn from one another by federated averaging of what they say', async () => {
    const algorithm = fedAvg();
    const models = [32, 24].map((width) => transformer({ ...shape, width }));
    const member = (i: number) =>
      memberTrainer(models[i], {
        params: models[i].init(seededRng(i)),
        own: [spain, norway][i],
        open,
        digest: { steps: 60, batchSize: 4, learningRate: 0.01 },
        optimizer,
      });
    const trainers = [member(0), member(1)];
    const alone = member(0);
    let state = algorithm.init(noConsensus(open, 256));
    for (let round = 1; round <= 3; round++) {
      const aggregator = algorithm.aggregator(state.params.length);
      const sum = aggregator.create();
      for (const trainer of trainers) {
        const options = { ...how(10 + round, 25), lossAtStart: false };
        const report = await algorithm.clientRound({ broadcast: algorithm.broadcast(state), trainer, options });
        aggregator.accumulate(sum, report.contribution);
      }
      if (round === 1) {
        // The mean of what they say, by their numbers of targets.
        const said = models.map((model, i) => publicLogits(model, trainers[i].params(), open));
        const weights = [spain, norway].map(({ targets }) => targets.filter((target) => target >= 0).length);
        const expected = ensembleLogits(said, { vocabulary: 256, weights });
        const { update } = aggregator.finalize(sum);
        expect(update.every((value, i) => Math.abs(value - expected[i]) < 1e-4)).toBe(true);
      }
      state = algorithm.serverStep(state, aggregator.finalize(sum), { round, cohort: 2, population: 2 });
      await alone.train(noConsensus(open, 256), {}, how(10 + round, 25));
    }
    // The first never saw what the second did; as many steps on its own text alone lead it further away.
    const loss = (trainer: MemberTrainer) => models[0].evaluate(trainer.params(), norway).loss;
    expect(loss(trainers[0])).toBeLessThan(loss(alone) - 0.3);
  });

  it('stays as it was when a training fails, and sends no parameter', async () => {
    const model = transformer({ ...shape, width: 16 });
    const start = model.init(seededRng(1));
    const digest = { steps: 2, batchSize: 4, learningRate: 0.01 } as const;
    const trainer = memberTrainer(model, { params: start, own: spain, open, digest });
    const consensus = noConsensus(open, 256);
    const signal = AbortSignal.abort();
    await expect(trainer.train(consensus, {}, { ...how(1), signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(trainer.params()).toEqual(start);
    expect(trainer.layout?.size).toBe(open.tokens.length * 256);
    await expect(trainer.train(consensus, { proximal: 1, anchor: consensus }, how(1))).rejects.toThrowError(
      /objective/,
    );
    await expect(trainer.gradient(consensus)).rejects.toThrowError(/gradient/);
  });
});
