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

function logistic(x: number): number {
  return fround(1 / fround(1 + exp32(-x)));
}

function geluArgument(x: number): number {
  return fround(TWICE_ROOT * fround(x + fround(CUBIC * fround(x * fround(x * x)))));
}

type Activations = Pick<LanguageKernels, 'gelu' | 'geluBackward' | 'swiglu' | 'swigluBackward'>;

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
