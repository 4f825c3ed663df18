import { describe, expectTypeOf, it } from 'vitest';
import type {
  Aggregator,
  Contribution,
  LinearAggregator,
  ResultOf,
  Slot,
  Update,
  ValuesOf,
} from './aggregate/contract.ts';
import type { LocalObjective } from './client/objective.ts';
import type { LocalResult, TrainOptions } from './client/trainer.ts';
import type { Codec, LinearCodec } from './codec/contract.ts';
import type { ErrorCode } from './errors.ts';
import type { SecureRng, SeededRng } from './random.ts';
import type { SamplingScheme } from './select/sampling-scheme.ts';

// Each @ts-expect-error fails the build if the line under it starts to compile.
describe('unsound compositions do not compile', () => {
  const secureSum = (_codec: LinearCodec): void => {};
  const secureFold = <A, R, V>(_rule: LinearAggregator<A, R, V>): void => {};
  const poissonOnly = (_scheme: Extract<SamplingScheme, { kind: 'poisson' }>): void => {};
  const protect = (_rng: SecureRng): void => {};

  it('a per-client codec where sums are taken', () => {
    const accept = (perClient: Codec<'perClient'>, either: Codec, linear: LinearCodec) => {
      secureSum(linear);
      // @ts-expect-error encodings of a per-client codec do not add
      secureSum(perClient);
      // @ts-expect-error not known to be linear
      secureSum(either);
    };
    expectTypeOf(accept).toBeFunction();
    expectTypeOf<LinearCodec>().toExtend<Codec>();
    expectTypeOf<Codec<'perClient'>>().not.toExtend<Codec<'linear'>>();
  });

  it('a rule that must see every update where only sums are known', () => {
    const accept = (
      mean: LinearAggregator<object, Float32Array>,
      median: Aggregator<object, Float32Array> & { readonly linearity: 'perClient' },
      any: Aggregator<object, Float32Array>,
    ) => {
      secureFold(mean);
      // @ts-expect-error a robust rule is not a function of sums
      secureFold(median);
      // @ts-expect-error not known to be linear
      secureFold(any);
    };
    expectTypeOf(accept).toBeFunction();
  });

  it('amplification by a cohort that was not drawn by Poisson sampling', () => {
    poissonOnly({ kind: 'poisson', probability: 0.01 });
    // @ts-expect-error a fixed-size cohort
    poissonOnly({ kind: 'fixed', population: 100, cohort: 1 });
    // @ts-expect-error no randomness at all
    poissonOnly({ kind: 'none' });
  });

  it('a seeded stream where a secret is drawn', () => {
    const accept = (seeded: SeededRng, secure: SecureRng) => {
      protect(secure);
      // @ts-expect-error whoever knows the seed knows the secret
      protect(seeded);
    };
    expectTypeOf(accept).toBeFunction();
  });

  it('states the shapes that every room relies on', () => {
    expectTypeOf<Update>().toEqualTypeOf<Readonly<Record<string, Slot>>>();
    expectTypeOf<ValuesOf<Aggregator<object, number, { update: Float32Array; h: number }>>>().toEqualTypeOf<{
      update: Float32Array;
      h: number;
    }>();
    expectTypeOf<ResultOf<Aggregator<object, Float32Array>>>().toEqualTypeOf<Float32Array>();
    expectTypeOf<Contribution>().toHaveProperty('values').toEqualTypeOf<Float32Array>();
    expectTypeOf<LocalObjective>().toHaveProperty('proximal').toEqualTypeOf<number | Float32Array | undefined>();
    expectTypeOf<LocalResult>().toHaveProperty('lossAtStart').toEqualTypeOf<number | undefined>();
    // @ts-expect-error local training needs a stream for its shuffles
    expectTypeOf<TrainOptions>().toEqualTypeOf<{ epochs: number; batchSize: number; learningRate: number }>();
    // @ts-expect-error the codes are a closed union
    expectTypeOf<'TEAPOT'>().toExtend<ErrorCode>();
  });
});
