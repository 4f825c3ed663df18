/**
 * What leaves a device.
 *
 * @module
 */
import { checkFinite, checkVector, refuse } from '@fedkit/core/internal';
import type { Rng } from '@fedkit/core';
import { checkWindows, type Windows } from '../train/windows.ts';
import type { ModelHalf } from './cut.ts';
import { blur, checkNoise, type StateNoise } from './noise.ts';
import { DevicePass } from './pass.ts';

/**
 * The states that a device's half sends for these windows, shape [windows, positions, width]: for measuring what they tell, or for
 * keeping the output of blocks that do not change.
 *
 * @param params - Of the device's half, shape [d].
 * @param noise - As the trainer would add; drawn from `rng`, by default the platform's.
 * @throws FedkitError `INVALID_ARGUMENT` for a server's half; for windows as `languageTrainer`; `SHAPE_MISMATCH`, `OUT_OF_RANGE`.
 */
export function leavingStates(
  half: ModelHalf,
  params: Float32Array,
  windows: Windows,
  noise?: StateNoise,
  rng?: Rng,
): Float32Array {
  if (half.side !== 'device') refuse('INVALID_ARGUMENT', 'leavingStates', "a device's half", half.side);
  checkFinite('leavingStates: params', checkVector('leavingStates: params', params, half.layout.size));
  const { model } = half;
  const rows = checkWindows('leavingStates', windows, model.shape.vocabulary, model.context);
  const batch = model.windowsAtATime(windows.length, rows.length);
  const pass = new DevicePass(half, { batch, length: windows.length }, params, windows);
  const states = new Float32Array(pass.stateSize(rows.length));
  for (let first = 0; first < rows.length; first += batch) {
    states.set(pass.forward(rows.subarray(first, first + batch)), pass.stateSize(first));
  }
  if (noise) blur(states, model.shape.width, checkNoise(noise), rng);
  return states;
}
