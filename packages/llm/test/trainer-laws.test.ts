import { seededRng } from '@fedkit/core';
import { checkLaws, trainerLaws } from '@fedkit/core/conformance';
import { describe, it } from 'vitest';
import {
  adaptEncoder,
  anchoredTrainer,
  bytesSource,
  contrastiveTrainer,
  languageTrainer,
  loadEncoder,
  tokenWindows,
  transformer,
} from '../src/index.ts';
import { encoderVectors } from './vectors.helpers.ts';

const model = transformer({ vocabulary: 12, width: 8, layers: 1, heads: 2, context: 8 });
const start = model.init(seededRng(1));
const windows = tokenWindows([Array.from({ length: 40 }, (_, i) => (i * i) % 12)], { length: 8 });
const create = () => languageTrainer(model, windows);
// Smaller steps drown in float32's rounding of the parameters.
const options = { steps: 2, batchSize: 3, learningRate: 0.25 } as const;

describe('languageTrainer', () => checkLaws(it, trainerLaws({ create, start, options })));

describe('anchoredTrainer', () => {
  const anchored = (strength: number | Float32Array) => () =>
    anchoredTrainer(create(), { at: start.map((value) => value / 2), strength });
  checkLaws(it, trainerLaws({ create: anchored(0.5), start, options }));
  describe('by coordinate', () => {
    const strength = start.map((_, i) => i % 3);
    checkLaws(it, trainerLaws({ create: anchored(strength), start, options }));
  });
});

describe('contrastiveTrainer', async () => {
  const [{ file, config }] = encoderVectors();
  const encoder = adaptEncoder(await loadEncoder(bytesSource(file), config), { rank: 2 });
  const rng = seededRng(3);
  const text = () => [60, ...Array.from({ length: 4 }, () => rng.below(30))];
  const pairs = Array.from({ length: 6 }, () => ({ query: text(), passage: text() }));
  checkLaws(
    it,
    trainerLaws({
      create: () => contrastiveTrainer(encoder, pairs),
      start: encoder.init(seededRng(2)),
      options: { steps: 2, batchSize: 'all', learningRate: 0.25 },
    }),
  );
});
