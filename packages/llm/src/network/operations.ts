/**
 * Floating-point operations of a training step, counted from shapes.
 *
 * @module
 */
import { checkInteger } from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import type { ModelHalf } from '../split/cut.ts';
import type { Network } from './network.ts';
import type { Linear } from './plan.ts';

/** Operations of matrix products: a multiplication and an addition each count one. */
export interface Operations {
  readonly forward: number;
  readonly backward: number;
  /** Both. */
  readonly total: number;
}

/** Multiply-adds of both ways. */
interface Count {
  forward: number;
  backward: number;
}

/**
 * Operations of one training step of a model, or of a half of one: 2·m·n·k for every product of the pass as it is computed,
 * embedding and head included. Element by element work, which grows as the width and not its square, is not counted.
 *
 * @param how.batch - Windows of a step.
 * @param how.length - Tokens of a window.
 * @throws FedkitError `OUT_OF_RANGE` for sizes out of range.
 * @example
 * ```ts
 * import { splitModel, trainingOperations, transformer } from '@fedkit/llm';
 *
 * const model = transformer({ vocabulary: 256, width: 128, layers: 8, heads: 4 });
 * const { device } = splitModel(model, { after: 'model.layers.1' });
 * const step = { batch: 4, length: 64 };
 * const share = trainingOperations(device, step).total / trainingOperations(model, step).total;
 * console.log(share.toFixed(2)); // => 0.26
 * ```
 */
export function trainingOperations(
  of: LanguageModel | ModelHalf,
  how: { readonly batch: number; readonly length: number; readonly checkpoint?: boolean },
): Operations {
  const batch = checkInteger('trainingOperations: batch', how.batch, 1);
  const length = checkInteger('trainingOperations: length', how.length, 1);
  const { checkpoint = false } = how;
  const network: Network = of.network;
  const { shape } = network.base;
  const plan = network.plan({ mode: 'train', batch, length, checkpoint }, 0);
  const { rows, positions: t, blocks, lowest, part, again } = plan;
  const count: Count = { forward: 0, backward: 0 };
  const attention = 2 * batch * shape.heads * t * t * shape.headWidth;
  blocks.forEach(({ linears, inputNorm }, l) => {
    const below = l > lowest || inputNorm.gain.gradient !== 0 || (inputNorm.bias?.gradient ?? 0) !== 0;
    const own: Count = { forward: attention, backward: 0 };
    for (const [name, linear] of linears) countLinear(own, linear, rows, below || !/[qkv]_proj$/.test(name));
    count.forward += own.forward;
    const twice = checkpoint ? own.forward : again.shares ? attention / 2 : 0;
    if (l >= lowest) count.backward += own.backward + 2 * attention + twice;
  });
  if (part.heads) {
    const product = rows * shape.vocabulary * shape.width;
    count.forward += product;
    count.backward += product + (plan.head.gradient === 0 ? 0 : product);
  }
  const [forward, backward] = [2 * count.forward, 2 * count.backward];
  return { forward, backward, total: forward + backward };
}

function countLinear(
  count: Count,
  { outputs, inputs, weight, lora, magnitude }: Linear,
  rows: number,
  below: boolean,
): void {
  const product = rows * outputs * inputs;
  count.forward += product;
  count.backward += (weight.gradient === 0 ? 0 : product) + (below ? product : 0);
  if (!lora) return;
  const [down, up] = [rows * lora.rank * inputs, rows * lora.rank * outputs];
  count.forward += down + up + (magnitude ? outputs * lora.rank * inputs : 0);
  count.backward += up + (lora.b.gradient === 0 ? 0 : up) + (lora.a.gradient === 0 ? 0 : down) + (below ? down : 0);
}
