/**
 * Updates one by one: every client's report reaches the server, which may use any rule on them.
 *
 *     client   x ─ momentum? ─ codec, what was owed added ─▶ bytes          server   decode ─▶ fold into the rule
 *
 * The server sees every update. What that tells of a client's data no pipeline of this kind hides.
 *
 * @module
 */
import type { AggregationContext, ClientId, Contribution, Update } from '../aggregate/contract.ts';
import { sum } from '../aggregate/mean.ts';
import { record } from '../aggregate/record.ts';
import { type AsynchronousAlgorithm, isAsynchronous } from '../algorithm/asynchronous.ts';
import type { Algorithm, ClientAlgorithm } from '../algorithm/contract.ts';
import type { Staleness } from '../algorithm/staleness.ts';
import { checkInteger, checkNumber, checkPositive, refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import { type Guaranteed, type Settling, unsettled } from '../codec/guarantee.ts';
import type { PlainData } from '../plain-data.ts';
import type { SecureRng } from '../random.ts';
import { type CodecBySlot, codecsFor } from './codecs.ts';
import type { AsynchronousPipeline, PipelineTask, ReportingPipeline } from './contract.ts';
import { decodeMemory, encodeMemory, type ErrorFeedbackMaker, type SlotMemory, withMomentum } from './memory.ts';
import { type ModelOptions, modelOf } from './model.ts';
import { announceParameters, readParameters } from './parameters.ts';
import { plainCodec, plainParts } from './plain-codec.ts';
import { plainCollector } from './plain-collector.ts';
import { encodeReport } from './report.ts';
import { clientSeedOf } from './seeds.ts';
import { recordOf, type SlotShape, vectorsOf } from './slots.ts';
import { type Halves, withTerms } from './terms.ts';

/** How plain updates travel, whatever the algorithm. */
export type UpdatesOptions = ModelOptions & UpdatesRules & (Memoryless | Remembering);

/** What the codec leaves out is lost: right for unbiased ones over many clients. */
interface Memoryless {
  /** One for all slots or one for each by name; default float32 as it is. */
  readonly codec?: CodecBySlot<Codec>;
  readonly errorFeedback?: undefined;
}

/** What the codec leaves out of one counted update is added to the next. */
interface Remembering {
  /** As without error feedback; contractions alone, since memory of other codecs explodes. */
  readonly codec?: CodecBySlot<Codec & Guaranteed<Settling>>;
  /** `feedbackCodec()` of `@fedkit/compression`. */
  readonly errorFeedback: ErrorFeedbackMaker;
}

interface UpdatesRules {
  /** The fewest contributors of an aggregate that is released; default 1. */
  readonly minimumContributors?: number;
  /**
   * β in [0, 1) of worker momentum, as centered clipping needs it against attacks that hide in the noise of single rounds
   * (Karimireddy, He and Jaggi, ICML 2021): clients send m ← (1 − β)·x + β·m.
   */
  readonly clientMomentum?: number;
  /** What the rule needs besides the updates, such as FLTrust's reference: on the server, as a round opens. */
  readonly context?: (round: number) => AggregationContext;
  /** How much late reports count, by multiplying their weight; default: as others. */
  readonly staleness?: Staleness;
}

/** What `plainUpdates` is made of. */
export type PlainUpdatesOptions<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> = UpdatesOptions & {
  /** Any algorithm, robust rules included, whose aggregator is a `record`. */
  readonly algorithm: Algorithm<S, B, C, U, R>;
};

/** What `plainUpdates` is made of around an algorithm without rounds. */
export type AsynchronousUpdatesOptions<U extends Update> = UpdatesOptions & {
  /** `fedBuff()` or `fedAsync()`. */
  readonly algorithm: AsynchronousAlgorithm<U>;
};

/**
 * Updates in the clear, encoded by any codec, combined by any rule.
 *
 * Each client has seeds of its own in every round, so that errors of unbiased codecs average out. Reports are folded as they
 * are decoded where every slot's rule streams, in O(model) memory.
 *
 * @throws FedkitError `INVALID_ARGUMENT` and `OUT_OF_RANGE` for options that do not fit.
 * @example
 * ```ts
 * import { fedAvg, plainUpdates, softmaxRegression } from '@fedkit/core';
 *
 * const { layout } = softmaxRegression({ inputs: 2, classes: 2 });
 * const pipeline = plainUpdates({ algorithm: fedAvg(), layout, minimumContributors: 10 });
 * console.log(pipeline.client().sends, pipeline.server().collects); // => report reports
 * ```
 */
export function plainUpdates<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(options: PlainUpdatesOptions<S, B, C, U, R>): ReportingPipeline<S, B, C, U, R>;
/** The same around `fedBuff()` or `fedAsync()`, for a server without rounds. */
export function plainUpdates<U extends Update>(options: AsynchronousUpdatesOptions<U>): AsynchronousPipeline<U>;
export function plainUpdates<U extends Update, R extends PlainData>(
  options: UpdatesOptions & { readonly algorithm: ClientAlgorithm<PlainData, PlainData, U> },
): unknown {
  const where = 'plainUpdates';
  const { algorithm, errorFeedback } = options;
  const model = modelOf(where, options);
  const { size } = model;
  const { rule, slots } = recordOf(where, ruleOf(algorithm), size);
  const codecs = codecsFor(where, options.codec ?? plainCodec, slots);
  const minimumContributors = checkInteger(`${where}: minimumContributors`, options.minimumContributors ?? 1, 1);
  const beta = checkNumber(`${where}: clientMomentum`, options.clientMomentum ?? 0, 0, 1 - 2 ** -53);
  if (errorFeedback !== undefined && typeof errorFeedback !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: errorFeedback`, 'a function such as feedbackCodec()', errorFeedback);
  }
  const feedback = slots.map((slot, i) => errorFeedback?.(remembered(slot, codecs[i]), { size: slot.size }));
  const read = (task: PipelineTask) => readParameters('plain-updates', task);

  function remembered({ name, size: length }: SlotShape, codec: Codec): Codec & Guaranteed<Settling> {
    const why = unsettled(codec, length);
    if (why !== undefined) {
      const expected = 'a contraction under error feedback, such as topK or contraction(codec)';
      refuse('INVALID_ARGUMENT', `${where}: codec of ${name}`, expected, why);
    }
    return codec as Codec & Guaranteed<Settling>;
  }

  function encodeSlot(
    i: number,
    values: Float32Array,
    memory: SlotMemory,
    draw: { readonly seed: Uint8Array; readonly client: ClientId; readonly rng: SecureRng },
  ): { bytes: readonly Uint8Array[]; memory: SlotMemory } {
    const momentum =
      beta === 0 ? { values, bytes: memory.momentum } : withMomentum(values, beta, memory.momentum, slots[i]);
    const clientSeed = clientSeedOf(draw.seed, slots[i].name, draw.client);
    const context = { sharedSeed: clientSeed, clientSeed, rng: draw.rng };
    const owing = feedback[i];
    if (owing === undefined) {
      // Float32 as it is has been looked at, and goes into the report from where it is.
      const isPlain = codecs[i] === plainCodec && beta === 0;
      const bytes = isPlain ? plainParts(values) : [codecs[i].encode(momentum.values, context)];
      return { bytes, memory: { momentum: momentum.bytes, feedback: memory.feedback } };
    }
    const encoded = owing.encode(momentum.values, context, memory.feedback.length === 0 ? undefined : memory.feedback);
    return { bytes: [encoded.bytes], memory: { momentum: momentum.bytes, feedback: encoded.memory } };
  }

  const halves: Omit<Halves<ReportingPipeline<never, never, never, U, R>>, 'algorithm'> = {
    client: () => ({
      sends: 'report',
      check: (task) => void read(task),
      encode(task, contribution, { rng, client, memory, finite }) {
        const { seed, round } = read(task);
        const values = vectorsOf(`${where}.encode`, contribution.values, slots, finite);
        const memories = decodeMemory(`${where}.encode: memory`, memory, slots.length);
        const parts = values.map((vector, i) => encodeSlot(i, vector, memories[i], { seed, client, rng }));
        const bytes = encodeReport(
          { round, seed },
          {
            ...weightOf(`${where}.encode: weight`, contribution),
            slots: parts.map((part) => part.bytes),
          },
        );
        if (beta === 0 && errorFeedback === undefined) return { bytes };
        return { bytes, memory: encodeMemory(parts.map((part) => part.memory)) };
      },
    }),
    server: () => ({
      collects: 'reports',
      minimumContributors,
      announce: ({ round }) => announceParameters('plain-updates', round),
      open: ({ round, parameters, saved }) =>
        plainCollector<R>({
          round,
          seed: readParameters('plain-updates', { round, parameters }).seed,
          rule,
          slots,
          codecs,
          minimumContributors,
          context: options.context?.(round),
          staleness: options.staleness,
          saved,
        }),
    }),
  };
  return withTerms(
    {
      kind: 'plain-updates',
      algorithm,
      model,
      options: { clientMomentum: beta, errorFeedback: errorFeedback !== undefined },
      slots,
      codecs,
    },
    { algorithm, ...halves },
  );
}

/**
 * What folds an algorithm's contributions. Without rounds that is its own affair as they come: the sum of one, exact to 2^−52,
 * reads each of them.
 */
function ruleOf(algorithm: object): { aggregator(size: number): unknown } {
  if (!isAsynchronous(algorithm)) return algorithm as { aggregator(size: number): unknown };
  return {
    aggregator(size) {
      const slots = Object.entries(algorithm.slots(size));
      return record(Object.fromEntries(slots.map(([name, length]) => [name, sum(length)])));
    },
  };
}

function weightOf(where: string, { weight }: Contribution<unknown>): { weight?: number } {
  return weight === undefined ? {} : { weight: checkPositive(where, weight) };
}
