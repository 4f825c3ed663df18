/**
 * One bit a value: signSGD (Bernstein et al., ICML 2018) and the scaled sign of EF-signSGD (Karimireddy et al., ICML
 * 2019, section 4).
 *
 * @module
 */
import type { Contraction, Guaranteed } from '@fedkit/core/codec';
import { createCodec } from '../stage/codec.ts';
import type { Stage } from '../stage/stage.ts';
import { BitReader } from '../wire/bit-reader.ts';
import { corrupt } from '../wire/byte-reader.ts';
import { emitChunks } from './chunks.ts';
import { asQuantizer, type Quantizer } from './quantizer.ts';

/** Signs as ±1; zero counts as +1. Magnitudes are lost: the server takes the majority, or its own learning rate. */
export function signSgd(): Quantizer {
  return asQuantizer(createCodec(signStage(false)));
}

/** Signs times the mean magnitude, ‖x‖₁ / d. Biased, a contraction: use it with {@link errorFeedback}. */
export function scaledSign(): Quantizer & Guaranteed<Contraction> {
  return asQuantizer(createCodec({ ...signStage(true), guarantee: MEAN_SIGN }));
}

/** ‖x‖₁²/(d·‖x‖²), least where one value stands alone. */
const MEAN_SIGN: Contraction = { kind: 'contraction', delta: (size) => 1 / Math.max(1, size), pathwise: true };

export function signStage(scaled: boolean): Stage & { readonly linearity: 'perClient' } {
  return {
    id: 5,
    kind: 'sign',
    linearity: 'perClient',
    unbiased: false,

    write(out, values) {
      let sum = 0;
      for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]);
      out.float32(scaled ? (values.length === 0 ? 0 : sum / values.length) : 1);
      const room = out.reserve(Math.ceil(values.length / 8)).fill(0);
      for (let i = 0; i < values.length; i++) if (values[i] < 0) room[i >>> 3] |= 1 << (i & 7);
    },

    read(input, size, sink) {
      const scale = input.float32('a scale');
      if (scale < 0) corrupt('a scale of at least 0', scale);
      const signs = new BitReader(input.fork(Math.ceil(size / 8)));
      emitChunks(size, sink, (chunk) => {
        for (let i = 0; i < chunk.length; i++) chunk[i] = signs.bits(1) === 1 ? -scale : scale;
      });
      signs.align();
    },
  };
}
