/**
 * The loss of a student in front of a teacher.
 *
 * Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, https://arxiv.org/abs/1503.02531.
 *
 * @module
 */
import { checkFinite, checkNumber, checkPositive, checkVector } from '@fedkit/core/internal';
import { exp, log } from '@fedkit/core/math';
import type { Windows } from '../train/windows.ts';

/** What a student learns from beside its targets. */
export interface Teacher {
  /** Logits in front of every position of the windows, shape [windows, length, vocabulary], as {@link publicLogits} makes them. */
  readonly logits: Float32Array;
  /** τ > 0: both distributions are taken at it; default 2. */
  readonly temperature?: number;
  /** Share of the teacher in the loss, in [0, 1]; the targets have the rest. Default 1. */
  readonly share?: number;
}

/** A checked teacher. */
export interface CheckedTeacher extends Required<Teacher> {
  readonly vocabulary: number;
}

/** @throws FedkitError `SHAPE_MISMATCH` for logits of other windows, `OUT_OF_RANGE` for numbers outside their ranges. */
export function checkTeacher(where: string, teacher: Teacher, windows: Windows, vocabulary: number): CheckedTeacher {
  const { logits, temperature = 2, share = 1 } = teacher;
  checkFinite(`${where}: logits`, checkVector(`${where}: logits`, logits, windows.tokens.length * vocabulary));
  return {
    logits,
    temperature: checkPositive(`${where}: temperature`, temperature),
    share: checkNumber(`${where}: share`, share, 0, 1),
    vocabulary,
  };
}

/**
 * The loss (1 − share)·CE + share·τ²·KL(teacher ‖ student) of one position, and its gradient times `weight` in place of the
 * student's logits z. τ² keeps the gradient's size, share·τ·(softmax(z/τ) − teacher), when τ changes.
 *
 * @param at - Where the teacher's logits of this position begin.
 */
export function distill(
  z: Float32Array,
  target: number,
  { logits, temperature, share, vocabulary }: CheckedTeacher,
  at: number,
  weight: number,
): number {
  const student = distribution(z, 0, vocabulary, temperature);
  const teacher = distribution(logits, at, vocabulary, temperature);
  let divergence = 0;
  for (let i = 0; i < vocabulary; i++) {
    if (teacher.shares[i] > 0) divergence += teacher.shares[i] * (teacher.logOf(i) - student.logOf(i));
  }
  let loss = share * temperature * temperature * divergence;
  const hard = share < 1 ? distribution(z, 0, vocabulary, 1) : undefined;
  if (hard) loss -= (1 - share) * hard.logOf(target);
  for (let i = 0; i < vocabulary; i++) {
    let own = share * temperature * (student.shares[i] - teacher.shares[i]);
    if (hard) own += (1 - share) * (hard.shares[i] - (i === target ? 1 : 0));
    z[i] = weight * own;
  }
  return loss;
}

/** softmax(values / temperature), and its logarithms. */
function distribution(values: Float32Array, at: number, size: number, temperature: number) {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = at; i < at + size; i++) most = Math.max(most, values[i]);
  // Logits are written over by gradients, so what is asked for later is kept.
  const scaled = new Float64Array(size);
  const shares = new Float64Array(size);
  let sum = 0;
  for (let i = 0; i < size; i++) {
    scaled[i] = (values[at + i] - most) / temperature;
    shares[i] = exp(scaled[i]);
    sum += shares[i];
  }
  for (let i = 0; i < size; i++) shares[i] /= sum;
  const whole = log(sum);
  return { shares, logOf: (i: number) => scaled[i] - whole };
}
