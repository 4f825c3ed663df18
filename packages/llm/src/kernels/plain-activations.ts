/**
 * Plain twins of the activations.
 *
 * @module
 */
import type { LanguageKernels } from './contract.ts';
import type { MemoryViews } from './memory.ts';
import { exp32 } from './plain-exponential.ts';

const { fround } = Math;
const TWICE_ROOT = fround(1.5957691216);
const CUBIC = fround(0.044715);
const CUBIC_SLOPE = fround(0.134145);
const SPREAD = fround(0.23164189);
const TAIL = Float32Array.of(0.5307027145, -0.7265760135, 0.7107068705, -0.142248368, 0.127414796);
const BELL = fround(0.3989422804);

function logistic(x: number): number {
  return fround(1 / fround(1 + exp32(-x)));
}

function geluArgument(x: number): number {
  return fround(TWICE_ROOT * fround(x + fround(CUBIC * fround(x * fround(x * x)))));
}

/** Φ(x) from e = e^(−x²/2). */
function normalBelow(x: number, e: number): number {
  const t = fround(1 / fround(1 + fround(SPREAD * Math.abs(x))));
  let p: number = TAIL[0];
  for (let i = 1; i < TAIL.length; i++) p = fround(fround(p * t) + TAIL[i]);
  const tail = fround(fround(p * t) * e);
  return x < 0 ? tail : fround(1 - tail);
}

function bell(x: number): number {
  return exp32(fround(-0.5 * fround(x * x)));
}

type Activations = Pick<
  LanguageKernels,
  'gelu' | 'geluBackward' | 'geluErf' | 'geluErfBackward' | 'swiglu' | 'swigluBackward'
>;

/** The activations on the views of `memory`. */
export function plainActivations(memory: MemoryViews): Activations {
  return {
    gelu(x, y, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) {
        const v = values[x / 4 + i];
        values[y / 4 + i] = v * logistic(geluArgument(v));
      }
    },
    geluBackward(x, dy, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) {
        const v = values[x / 4 + i];
        const s = logistic(geluArgument(v));
        const slope = fround(TWICE_ROOT * fround(1 + fround(CUBIC_SLOPE * fround(v * v))));
        const bend = fround(fround(v * fround(s * fround(1 - s))) * slope);
        values[dy / 4 + i] *= fround(s + bend);
      }
    },
    geluErf(x, y, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) {
        const v = values[x / 4 + i];
        values[y / 4 + i] = v * normalBelow(v, bell(v));
      }
    },
    geluErfBackward(x, dy, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) {
        const v = values[x / 4 + i];
        const e = bell(v);
        values[dy / 4 + i] *= fround(normalBelow(v, e) + fround(fround(v * BELL) * e));
      }
    },
    swiglu(gate, up, y, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) {
        const v = values[gate / 4 + i];
        values[y / 4 + i] = fround(v * logistic(v)) * values[up / 4 + i];
      }
    },
    swigluBackward(gate, up, dy, dgate, dup, count) {
      const values = memory.floats;
      for (let i = 0; i < count; i++) {
        const v = values[gate / 4 + i];
        const s = logistic(v);
        const d = values[dy / 4 + i];
        const silu = fround(v * s);
        const slope = fround(s + fround(silu * fround(1 - s)));
        values[dgate / 4 + i] = fround(d * values[up / 4 + i]) * slope;
        values[dup / 4 + i] = d * silu;
      }
    },
  };
}
