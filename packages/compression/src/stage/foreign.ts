/**
 * A codec from elsewhere as a stage: what it encodes goes in whole, after its length.
 *
 * @module
 */
import type { Codec, LinearCodec } from '@fedkit/core/codec';
import type { Encoding, LinearStage, Stage } from './stage.ts';

/** The byte of every codec from elsewhere: who decodes has to have it. */
const FOREIGN = 63;

const ZERO_SEED = new Uint8Array(32);

/** `codec`, which keeps the codec laws. Its linearity stays where it encodes integers. */
export function foreignStage(codec: Codec): Stage | LinearStage {
  const stage: Stage = {
    id: FOREIGN,
    kind: codec.kind,
    linearity: codec.linearity,
    unbiased: codec.unbiased,
    ...(codec.guarantee && { guarantee: codec.guarantee }),
    write(out, values, encoding) {
      const bytes = codec.encode(values, contextOf(encoding));
      out.varint(bytes.length);
      out.bytes(bytes);
    },
    read(input, size, sink, decoding) {
      const bytes = input.take(input.varint(input.remaining, 'bytes of a codec from elsewhere'));
      codec.visit(bytes, sink, { ...decoding.context, expectedSize: size });
    },
  };
  return isLinear(codec) ? linearForeignStage(codec, { ...stage, linearity: 'linear' }) : stage;
}

function linearForeignStage(codec: LinearCodec, stage: Stage & { readonly linearity: 'linear' }): LinearStage {
  const counts = new Map<number, number>();
  return {
    ...stage,
    bits: codec.bits,
    bound: codec.bound,
    ...(codec.meanSquaredError !== undefined && { meanSquaredError: codec.meanSquaredError }),
    ...(codec.deviations !== undefined && { deviations: codec.deviations }),
    strain: (values, encoding, contributors) =>
      codec.strain?.(values, contextOf(encoding), contributors) ?? { clipped: 0, wide: 0, alone: 0 },
    integers: (values, encoding) => codec.encodeIntegers(values, contextOf(encoding)),
    contributed: (values, integers, encoding) => {
      const context = contextOf(encoding);
      if (codec.contributed) return codec.contributed(values, integers, context);
      const { sharedSeed, clientSeed } = context;
      return codec.decodeSum(integers, {
        contributors: 1,
        ...(clientSeed && { seeds: [clientSeed] }),
        context: { sharedSeed, expectedSize: values.length },
      });
    },
    integerCount(size) {
      const known = counts.get(size);
      if (known !== undefined) return known;
      // The codec says how many integers there are: zeros are encoded once.
      const zeros = codec.encodeIntegers(new Float32Array(size), { sharedSeed: ZERO_SEED, clientSeed: ZERO_SEED });
      counts.set(size, zeros.length);
      return zeros.length;
    },
    sum: (sum, size, options) =>
      codec.decodeSum(sum, { ...options, context: { ...options.context, expectedSize: size } }),
  };
}

function contextOf(encoding: Encoding): Encoding['context'] {
  return { ...encoding.context, rng: encoding.rng() };
}

function isLinear(codec: Codec): codec is LinearCodec {
  return codec.linearity === 'linear' && typeof (codec as Partial<LinearCodec>).encodeIntegers === 'function';
}
