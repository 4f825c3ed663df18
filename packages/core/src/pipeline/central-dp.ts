/**
 * A trusted server that adds the noise: it sees every update, and releases only noised aggregates.
 *
 *     client   x ─ clip ─ codec ─▶        server   decode ─ clip ─ weight ─ exact Σ ─ + noise ─ public totals ─▶ conclusion
 *
 * H. Brendan McMahan, Daniel Ramage, Kunal Talwar, Li Zhang, "Learning Differentially Private Recurrent Language Models",
 * ICLR 2018, algorithm 1, with all slots of an update as one vector. Clients clip first, so that the codec's error is that of
 * a clipped update; the server never trusts that they did, and clips what it decoded.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { checkInteger, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import type { PlainData } from '../plain-data.ts';
import type { SamplingScheme } from '../select/sampling-scheme.ts';
import { centralCollector } from './central-collector.ts';
import { type CodecBySlot, codecsFor } from './codecs.ts';
import type { PipelineTask, ReportingPipeline } from './contract.ts';
import type { CentralNoiseMaker } from './mechanisms.ts';
import { announceParameters, readParameters } from './parameters.ts';
import { plainCodec } from './plain-codec.ts';
import { Accounting, type PrivacyFilter, type SelectionOptions } from './privacy.ts';
import { PRIVATE_OPTIONS, type PrivateOptions, privateSums, privateTerms } from './private-options.ts';
import { encodeReport } from './report.ts';
import { clientSeedOf } from './seeds.ts';
import { driftOf } from './drift.ts';
import { checkSettling } from './settling.ts';
import { vectorsOf } from './slots.ts';
import { type Halves, withTerms } from './terms.ts';

/** What `centralDp` is made of. Client and server are given the same. Norms and noise are in the unit of the values. */
export interface CentralDpOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  K extends SamplingScheme,
> extends PrivateOptions<S, B, C, U, R, K> {
  /** σ > 0: standard deviation of the noise on each coordinate of the sum. */
  readonly noiseStd: number;
  /** `centralGaussianMechanism` of `@fedkit/privacy`. */
  readonly mechanism: CentralNoiseMaker;
  /** One for all slots or one for each by name, any; default float32 as it is. */
  readonly codec?: CodecBySlot<Codec>;
  /** The fewest contributors of an aggregate that is released; default 1. */
  readonly minimumContributors?: number;
  /** The most that one sum takes; default 2^20. */
  readonly maximumContributors?: number;
  /** The budget against those who see models. The server sees updates as they are: no budget protects from it. */
  readonly filters?: { readonly recipients?: PrivacyFilter; readonly server?: never };
}

const OPTIONS: OptionNames<CentralDpOptions<never, never, never, never, never, SamplingScheme>> = {
  ...PRIVATE_OPTIONS,
  noiseStd: true,
  mechanism: true,
  codec: true,
  minimumContributors: true,
  maximumContributors: true,
  filters: true,
};

/**
 * The aggregate of a linear algorithm under central differential privacy.
 *
 * Guarantee: a round's aggregate has the privacy of the mechanism's event, under the sampling that really happened, against
 * everyone but the server. The charge is on record before noise is drawn, once a round however often it is closed.
 * Store what `close` gives before publishing it: a server that crashed in between draws fresh noise the next time.
 *
 * @throws FedkitError `INVALID_ARGUMENT` by name for what has no sound meaning together; `OUT_OF_RANGE`, `OVERFLOW` as the
 * mechanism.
 */
export function centralDp<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
  K extends SamplingScheme = SamplingScheme,
>(options: CentralDpOptions<S, B, C, U, R, K>): ReportingPipeline<S, B, C, U, R> {
  const where = 'centralDp';
  checkOptions(where, options, OPTIONS);
  const { algorithm, mechanism: makeNoise } = options;
  const { model, summands, form, joint, totals, besideStd } = privateSums(where, options);
  const codecs = codecsFor<Codec>(where, options.codec ?? plainCodec, summands, {
    names: algorithm.beside ?? [],
    codec: plainCodec,
  });
  checkSettling(where, algorithm, summands, codecs);
  const minimumContributors = checkInteger(`${where}: minimumContributors`, options.minimumContributors ?? 1, 1);
  if (typeof makeNoise !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: mechanism`, 'a function that makes gaussianMechanism', makeNoise);
  }
  if ((options.filters as { server?: unknown } | undefined)?.server !== undefined) {
    refuse('INVALID_ARGUMENT', `${where}: filters.server`, 'none: the server sees updates as they are', 'one');
  }
  const noise = makeNoise({
    size: joint.size,
    clip: joint.bound,
    noiseStd: checkPositive(`${where}: noiseStd`, options.noiseStd),
    maximumContributions: checkInteger(`${where}: maximumContributors`, options.maximumContributors ?? 2 ** 20, 1),
  });
  const accounting = new Accounting(where, options.filters, options as SelectionOptions<SamplingScheme>);
  const read = (task: PipelineTask) => readParameters('central-dp', task);

  const halves: Halves<ReportingPipeline<S, B, C, U, R>> = {
    algorithm,
    client: () => ({
      sends: 'report',
      check: (task) => void read(task),
      encode(task, contribution, { rng, client, finite }) {
        const { seed, round } = read(task);
        const weight = joint.weightOf(`${where}.encode: weight`, contribution.weight);
        const clipped = joint.split(joint.join(vectorsOf(`${where}.encode`, contribution.values, summands, finite), 1));
        const slots = summands.map(({ name }, i) => {
          const clientSeed = clientSeedOf(seed, name, client);
          return [codecs[i].encode(clipped[name], { sharedSeed: clientSeed, clientSeed, rng })];
        });
        return {
          bytes: encodeReport({ round, seed }, { ...(joint.weighs && { weight }), slots }),
          counted() {
            const decoded = summands.map(({ name, size: expectedSize }, i) => {
              const clientSeed = clientSeedOf(seed, name, client);
              return codecs[i].decode(slots[i][0], { sharedSeed: clientSeed, clientSeed, expectedSize });
            });
            // As the server clips it, before its weight and its noise.
            return joint.split(joint.join(decoded, 1));
          },
        };
      },
    }),
    server: () => ({
      collects: 'reports',
      minimumContributors,
      announce: ({ round }) => announceParameters('central-dp', round),
      open: ({ round, parameters, saved, rng }) =>
        centralCollector<R>({
          round,
          seed: readParameters('central-dp', { round, parameters }).seed,
          summands,
          codecs,
          joint,
          noise,
          accounting,
          minimumContributors,
          besideStd,
          conclude: (sums) => form.conclude(sums, totals),
          drift: (facts, contributors) =>
            driftOf(algorithm, facts, contributors, options.noiseStd / totals.contributors),
          saved,
          rng,
        }),
    }),
  };
  return withTerms(
    {
      kind: 'central-dp',
      algorithm,
      model,
      options: { ...privateTerms(options), minimumContributors },
      slots: summands,
      codecs,
    },
    halves,
  );
}
