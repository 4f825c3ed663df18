/**
 * Trainers on this tab's digits: TensorFlow.js where it runs, and plain JavaScript everywhere.
 *
 * @module
 */
import { type Examples, plainTrainer, type Trainer } from '@fedkit/core';
import { model } from '../network.ts';
import type { TrainerKind } from './messages.ts';

/** Whether this page may run WebAssembly: a policy may forbid it. */
export function wasmAllowed(): boolean {
  try {
    return new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** A trainer of the wanted kind, or a plain one, and which it is. TensorFlow.js is fetched when it is first wanted. */
export async function trainerOf(
  wanted: TrainerKind,
  examples: Examples,
): Promise<{ readonly trainer: Trainer; readonly kind: TrainerKind }> {
  if (wanted === 'tfjs' && wasmAllowed()) {
    try {
      const { tensorTrainer } = await import('./tensor-trainer.ts');
      return { trainer: await tensorTrainer(examples), kind: 'tfjs' };
    } catch {
      // Blocked, or not fetched: the plain one gives the same model up to round-off.
    }
  }
  return { trainer: plainTrainer(model, examples), kind: 'plain' };
}
