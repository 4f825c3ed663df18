/**
 * Low-rank adapters.
 *
 * Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, https://arxiv.org/abs/2106.09685;
 * Kalajdzievski, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA", 2023, https://arxiv.org/abs/2312.03732;
 * Liu et al., "DoRA: Weight-Decomposed Low-Rank Adaptation", ICML 2024, https://arxiv.org/abs/2402.09353;
 * Sun et al., "Improving LoRA in Privacy-preserving Federated Learning", ICLR 2024 (FFA-LoRA),
 * https://arxiv.org/abs/2403.12313.
 *
 * @module
 */
import { type Rng, seededRng, type TensorSpec } from '@fedkit/core';
import { checkOptions, type OptionNames, checkInteger, checkPositive, refuse } from '@fedkit/core/internal';
import type { DecoderShape } from '../model/shape.ts';
import type { Adaptation } from './adaptation.ts';
import { checkTargets, type TargetOptions } from './targets.ts';

/** What an adapter is like. */
export interface LoraOptions extends TargetOptions {
  /** r, an integer ≥ 1. */
  readonly rank: number;
  /** α > 0: the product is scaled by α/r; default 2·r. */
  readonly alpha?: number;
  /** rsLoRA: scales by α/√r instead. */
  readonly rankStabilized?: boolean;
  /** DoRA: direction and magnitude apart; the magnitude trains too, and a step costs a pass over the base's weights. */
  readonly decomposed?: boolean;
  /**
   * FFA-LoRA: A is drawn from this seed, the same for everybody, and never moves; B alone is trained and sent. The mean of
   * B is then the mean of the products, and noise on B is not multiplied.
   */
  readonly frozenA?: { readonly seed: number };
}

/**
 * y = W·x + s·B·A·x with A [r, inputs] uniform in ±1/√inputs and B [outputs, r] zero at the start, s = α/r or α/√r.
 *
 * The trainable tensors are PEFT's, `….lora_A.weight`, `….lora_B.weight` and, for DoRA, `….lora_magnitude_vector.weight`,
 * which starts at the norms of W's rows; the norm in its gradient is held constant, as in the paper's §4.3.
 *
 * @throws FedkitError `OUT_OF_RANGE` for a rank or α out of range, `INVALID_ARGUMENT` for unknown targets or DoRA with a
 * frozen A.
 */
export function lora(options: LoraOptions): Adaptation {
  checkOptions('lora', options, {
    rank: true,
    alpha: true,
    rankStabilized: true,
    decomposed: true,
    frozenA: true,
    targets: true,
    layers: true,
  } satisfies OptionNames<typeof options>);
  const rank = checkInteger('lora: rank', options.rank, 1, 4096);
  const alpha = checkPositive('lora: alpha', options.alpha ?? 2 * rank);
  const { rankStabilized = false, decomposed = false, frozenA } = options;
  if (decomposed && frozenA) refuse('INVALID_ARGUMENT', 'lora', 'DoRA or a frozen A', 'both');
  if (frozenA) checkInteger('lora: frozenA.seed', frozenA.seed, 0, 0xffffffff);
  const targets = checkTargets('lora', options);
  const scale = rankStabilized ? alpha / Math.sqrt(rank) : alpha / rank;
  return {
    kind: 'lora',
    settings: {
      rank,
      alpha,
      rankStabilized,
      decomposed,
      targets: targets.names,
      ...(frozenA && { frozenA: frozenA.seed }),
    },
    tensors: (shape) =>
      targets
        .of(shape)
        .flatMap(({ path, outputs, inputs }): TensorSpec[] => [
          ...(frozenA ? [] : [{ name: `${path}.lora_A.weight`, shape: [rank, inputs] }]),
          { name: `${path}.lora_B.weight`, shape: [outputs, rank] },
          ...(decomposed ? [{ name: `${path}.lora_magnitude_vector.weight`, shape: [outputs] }] : []),
        ]),
    ...(frozenA && { fixed: (shape: DecoderShape) => frozenFactors(shape) }),
    init({ name, shape }, tensor, rng, base) {
      if (name.endsWith('lora_A.weight')) uniform(tensor, shape[1], rng);
      else if (name.endsWith('lora_magnitude_vector.weight')) {
        const weight = base.weight(name.replace('lora_magnitude_vector.weight', 'weight'));
        if (weight === undefined) refuse('INVALID_ARGUMENT', 'lora: decomposed', 'a base with weights', 'none');
        rowNorms(weight, tensor);
      }
    },
    change(layer, name) {
      if (!targets.has(layer, name)) return undefined;
      const path = `model.layers.${layer}.${name}`;
      return {
        lora: { a: `${path}.lora_A.weight`, b: `${path}.lora_B.weight`, rank, scale },
        ...(decomposed && { magnitude: `${path}.lora_magnitude_vector.weight` }),
      };
    },
  };

  function frozenFactors(shape: DecoderShape): { spec: TensorSpec; values: Float32Array }[] {
    const rng = seededRng(frozenA?.seed ?? 0);
    return targets.of(shape).map(({ path, inputs }) => {
      const values = new Float32Array(rank * inputs);
      uniform(values, inputs, rng);
      return { spec: { name: `${path}.lora_A.weight`, shape: [rank, inputs] }, values };
    });
  }
}

/** Uniform in ±1/√inputs: He et al. 2015 with slope √5, as LoRA's own code starts A. */
export function uniform(values: Float32Array, inputs: number, rng: Rng): void {
  const range = 1 / Math.sqrt(inputs);
  for (let i = 0; i < values.length; i++) values[i] = (2 * rng.uniform() - 1) * range;
}

function rowNorms(weight: Float32Array, into: Float32Array): void {
  const width = weight.length / into.length;
  for (let row = 0; row < into.length; row++) {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += weight[i] * weight[i];
    into[row] = Math.sqrt(sum);
  }
}
