import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainerLaws } from '../conformance/trainer.ts';
import { checkLaws } from '../conformance/law.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { seededRng } from '../random.ts';
import { mlp } from './mlp.ts';
import { plainTrainer } from './plain-trainer.ts';
import { selectedLayout, selectedTrainer } from './selected-trainer.ts';
import { complementOf } from '../model/complement.ts';
import { selectPlaces } from '../model/select-places.ts';

const model = mlp({ layers: [3, 5, 2] });
const params = model.init(seededRng(1));
const rng = seededRng(2);
const examples = {
  inputs: Float32Array.from({ length: 24 }, () => rng.uniform() - 0.5),
  labels: Uint8Array.from({ length: 8 }, () => rng.below(2)),
};
const whole = plainTrainer(model, examples);
const how = { steps: 4, batchSize: 3, learningRate: 0.3 } as const;
const mask = selectPlaces(model.layout, (place) => place % 3 === 1);

describe('selectedTrainer', () => {
  checkLaws(
    it,
    trainerLaws({ create: () => selectedTrainer(whole, mask, params), start: mask.gather(params), repeatable: true }),
  );

  it('trains what the whole trainer trains there, and nothing else', async () => {
    for (const selection of [mask, model.layout.select(({ shape }) => shape.length === 1)]) {
      const packed = await selectedTrainer(whole, selection, params).train(
        selection.gather(params),
        {},
        { ...how, rng: seededRng(3) },
      );
      const full = await whole.train(params, { trainable: selection }, { ...how, rng: seededRng(3) });
      expect([...packed.values]).toEqual([...selection.gather(full.values)]);
      expect(packed.values.some((value) => value !== 0)).toBe(true);
    }
  });

  it('sends as many values as are selected', async () => {
    const trainer = selectedTrainer(whole, mask, params);
    const algorithm = fedAvg();
    const state = algorithm.init(mask.gather(params));
    const { contribution } = await algorithm.clientRound({
      broadcast: algorithm.broadcast(state),
      trainer,
      options: { ...how, rng: seededRng(1) },
    });
    expect(contribution.values.update.length).toBe(mask.size);
  });

  it('refuses what does not go together', async () => {
    const other = mlp({ layers: [3, 4, 2] });
    expect(() =>
      selectedTrainer(
        whole,
        other.layout.select(() => true),
        other.init(seededRng(1)),
      ),
    ).toThrowError(/selection of the trainer/);
    expect(() => selectedTrainer(whole, mask, new Float32Array(3))).toThrowError(/selectedTrainer: rest/);
    expect(() =>
      selectedTrainer(
        whole,
        model.layout.select(() => false),
        params,
      ),
    ).toThrowError(/at least one value/);
    const trainer = selectedTrainer(whole, mask, params);
    await expect(trainer.train(params, {}, { ...how, rng: seededRng(1) })).rejects.toMatchObject({
      code: 'SHAPE_MISMATCH',
    });
    await expect(
      trainer.train(mask.gather(params), { trainable: mask }, { ...how, rng: seededRng(1) }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a selection of places', () => {
  it('gathers and scatters what it names, and its complement the rest', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: model.layout.size, maxLength: model.layout.size }), (kept) => {
        const selection = selectPlaces(model.layout, (place) => kept[place]);
        const rest = complementOf(selection);
        expect(selection.size + rest.size).toBe(model.layout.size);
        expect(selection.size).toBe(kept.filter(Boolean).length);
        expect([...selection.gather(params)]).toEqual(Array.from(params).filter((_, place) => kept[place]));
        const joined = rest.scatter(
          rest.gather(params),
          selection.scatter(selection.gather(params), new Float32Array(model.layout.size)),
        );
        expect([...joined]).toEqual([...params]);
      }),
      { numRuns: 50 },
    );
  });

  it('is named by its places', () => {
    const other = selectPlaces(model.layout, (place) => place % 3 === 2);
    expect(other.size).toBe(mask.size - 1);
    const shifted = selectPlaces(model.layout, (place) => place % 3 === 0);
    expect(selectedLayout(mask).digest()).not.toBe(selectedLayout(shifted).digest());
    expect(selectedLayout(selectPlaces(model.layout, () => true)).digest()).toBe(model.layout.digest());
  });
});
