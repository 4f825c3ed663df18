/**
 * The device's half of updates one by one. It reaches no rule, no collector and no kernel: a phone's bundle has no use for them.
 *
 * @module
 */
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import type { ClientAlgorithm } from '../algorithm/contract.ts';
import { joined } from '../bytes.ts';
import { checkNumber, checkOptions, checkPositive, type OptionNames, refuse } from '../check.ts';
import type { Codec } from '../codec/contract.ts';
import type { Guaranteed, Settling } from '../codec/guarantee.ts';
import type { PlainData } from '../plain-data.ts';
import type { SecureRng } from '../random.ts';
import { type CodecBySlot, codecsFor } from './codecs.ts';
import type { ClientPipeline, PipelineTask, ReportingClient } from './contract.ts';
import { decodeMemory, encodeMemory, type ErrorFeedbackMaker, type SlotMemory, withMomentum } from './memory.ts';
import { type ModelOptions, modelOf } from './model.ts';
import { readParameters } from './parameters.ts';
import { plainCodec, plainParts } from './plain-codec.ts';
import { encodeReport } from './report.ts';
import { clientSeedOf } from './seeds.ts';
import type { SettlingAlgorithm } from './settling.ts';
import { type SlotShape, slotsOf, updateOf, vectorsOf } from './slots.ts';
import { type TermValue, withTerms } from './terms.ts';

/** How plain updates leave a device, whatever the algorithm. */
export type ClientUpdatesOptions = ModelOptions & Momentum & (Memoryless | Remembering);

interface Momentum {
  /**
   * β in [0, 1) of worker momentum, as centered clipping needs it against attacks that hide in the noise of single rounds
   * (Karimireddy, He and Jaggi, ICML 2021): clients send m ← (1 − β)·x + β·m.
   */
  readonly clientMomentum?: number;
}

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

/** A client's half of an algorithm that says what it reports. */
export interface SlottedAlgorithm<B extends PlainData, C extends PlainData, U extends Update>
  extends ClientAlgorithm<B, C, U> {
  /** How many values each slot of an update has, for models of d = `size`. */
  slots(size: number): { readonly [K in keyof U]: number };
}

/** What `plainUpdatesClient` is made of. */
export type PlainUpdatesClientOptions<
  B extends PlainData,
  C extends PlainData,
  U extends Update,
> = ClientUpdatesOptions & {
  /** Such as `fedAvgClient()`. */
  readonly algorithm: SlottedAlgorithm<B, C, U>;
};

/**
 * The device's half of `plainUpdates`, whose server has the same options: for bundlers that shake no tree. Whether the codec suits what
 * clients remember is the server's to check: no client joins a server that could not be built.
 *
 * @throws FedkitError `INVALID_ARGUMENT` and `OUT_OF_RANGE` for options that do not fit.
 * @example
 * ```ts
 * import { fedAvg, plainUpdates, softmaxRegression } from '@fedkit/core';
 * import { fedAvgClient } from '@fedkit/core/algorithm/fed-avg-client';
 * import { plainUpdatesClient } from '@fedkit/core/pipeline/plain-updates-client';
 *
 * const { layout } = softmaxRegression({ inputs: 2, classes: 2 });
 * const onServer = plainUpdates({ algorithm: fedAvg(), layout });
 * const onDevice = plainUpdatesClient({ algorithm: fedAvgClient(), layout });
 * console.log(onDevice.digest.join() === onServer.digest.join()); // => true
 * ```
 */
export function plainUpdatesClient<B extends PlainData, C extends PlainData, U extends Update>(
  options: PlainUpdatesClientOptions<B, C, U>,
): ClientPipeline<B, C, U> & { client(): ReportingClient<U> } {
  const where = 'plainUpdatesClient';
  checkOptions(where, options, {
    algorithm: true,
    layout: true,
    size: true,
    codec: true,
    errorFeedback: true,
    clientMomentum: true,
  } satisfies OptionNames<typeof options>);
  const { algorithm } = options;
  const model = modelOf(where, options);
  const slots = slotsOf(where, algorithm, model.size);
  const codecs = codecsOfUpdates(where, options, slots, algorithm);
  const { half, terms } = clientOfUpdates<U>(where, options, slots, codecs, algorithm);
  return withTerms(
    { kind: 'plain-updates', algorithm, model, options: terms, slots, codecs },
    { algorithm, client: () => half },
  );
}

/** The codec of each slot, float32 as it is by default. @internal */
export function codecsOfUpdates(
  where: string,
  { codec = plainCodec }: ClientUpdatesOptions,
  slots: readonly SlotShape[],
  { beside = [] }: SettlingAlgorithm,
): Codec[] {
  return codecsFor<Codec>(where, codec, slots, { names: beside, codec: plainCodec });
}

/** What both sides make of the options that they share, and the device's half. @internal */
export function clientOfUpdates<U extends Update>(
  where: string,
  options: ClientUpdatesOptions,
  slots: readonly SlotShape[],
  codecs: readonly Codec[],
  { beside = [] }: SettlingAlgorithm,
): { half: ReportingClient<U>; terms: Record<string, TermValue> } {
  const { errorFeedback } = options;
  const beta = checkNumber(`${where}: clientMomentum`, options.clientMomentum ?? 0, 0, 1 - 2 ** -53);
  if (errorFeedback !== undefined && typeof errorFeedback !== 'function') {
    refuse('INVALID_ARGUMENT', `${where}: errorFeedback`, 'a function such as feedbackCodec()', errorFeedback);
  }
  const isBeside = slots.map(({ name }) => beside.includes(name));
  const feedback = slots.map(({ size }, i) =>
    isBeside[i] ? undefined : errorFeedback?.(codecs[i] as Codec & Guaranteed<Settling>, { size }),
  );
  const read = (task: PipelineTask) => readParameters('plain-updates', task);

  function encodeSlot(
    i: number,
    values: Float32Array,
    memory: SlotMemory,
    draw: { readonly seed: Uint8Array; readonly client: ClientId; readonly rng: SecureRng },
  ): { bytes: readonly Uint8Array[]; memory: SlotMemory } {
    const withoutMomentum = beta === 0 || isBeside[i];
    const momentum = withoutMomentum
      ? { values, bytes: memory.momentum }
      : withMomentum(values, beta, memory.momentum, slots[i]);
    const clientSeed = clientSeedOf(draw.seed, slots[i].name, draw.client);
    const context = { sharedSeed: clientSeed, clientSeed, rng: draw.rng };
    const owing = feedback[i];
    if (owing === undefined) {
      // Float32 as it is has been looked at, and goes into the report from where it is.
      const isPlain = codecs[i] === plainCodec && withoutMomentum;
      const bytes = isPlain ? plainParts(values) : [codecs[i].encode(momentum.values, context)];
      return { bytes, memory: { momentum: momentum.bytes, feedback: memory.feedback } };
    }
    const encoded = owing.encode(momentum.values, context, memory.feedback.length === 0 ? undefined : memory.feedback);
    return { bytes: [encoded.bytes], memory: { momentum: momentum.bytes, feedback: encoded.memory } };
  }

  function decodeParts(
    parts: readonly { readonly bytes: readonly Uint8Array[] }[],
    { seed, client }: { readonly seed: Uint8Array; readonly client: ClientId },
  ): Float32Array[] {
    return parts.map(({ bytes }, i) => {
      const clientSeed = clientSeedOf(seed, slots[i].name, client);
      return codecs[i].decode(joined(bytes), { sharedSeed: clientSeed, clientSeed, expectedSize: slots[i].size });
    });
  }

  const half: ReportingClient<U> = {
    sends: 'report',
    check: (task) => void read(task),
    encode(task, contribution, { rng, client, memory, finite }) {
      const { seed, round } = read(task);
      const values = vectorsOf(`plainUpdates.encode`, contribution.values, slots, finite);
      const memories = decodeMemory(`plainUpdates.encode: memory`, memory, slots.length);
      const parts = values.map((vector, i) => encodeSlot(i, vector, memories[i], { seed, client, rng }));
      const bytes = encodeReport(
        { round, seed },
        {
          ...weightOf(`plainUpdates.encode: weight`, contribution),
          slots: parts.map((part) => part.bytes),
        },
      );
      const counted = () => updateOf(slots, decodeParts(parts, { seed, client }));
      if (beta === 0 && errorFeedback === undefined) return { bytes, counted };
      return { bytes, counted, memory: encodeMemory(parts.map((part) => part.memory)) };
    },
  };

  return { half, terms: { clientMomentum: beta, errorFeedback: errorFeedback !== undefined } };
}

function weightOf(where: string, { weight }: Contribution<unknown>): { weight?: number } {
  return weight === undefined ? {} : { weight: checkPositive(where, weight) };
}
