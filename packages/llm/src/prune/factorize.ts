/**
 * Weight matrices as products of two thin ones.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkVector, refuse } from '@fedkit/core/internal';
import { lora } from '../adapt/lora.ts';
import { checkTargets, type TargetOptions } from '../adapt/targets.ts';
import { svd } from '../aggregate/matrix.ts';
import type { LanguageModel } from '../model/language-model.ts';
import { adapt } from '../model/transformer.ts';
import { freeze } from '../quantize/freeze.ts';
import type { WeightKind } from '../kernels/kinds.ts';

/** What is factorized, and how. */
export interface FactorizeOptions extends TargetOptions {
  /** r, an integer from 1 to the smaller side of every target. */
  readonly rank: number;
  /**
   * What becomes of W − B·A: `dropped`, so that the factors are all there is of a matrix; or `frozen` beside them, so that the
   * start is the model itself, as PiSSA has it (Meng, Wang, Zhang, NeurIPS 2024, https://arxiv.org/abs/2404.02948). Default `dropped`.
   */
  readonly residual?: 'dropped' | 'frozen';
  /** Kind of what stays frozen; default `f32`. */
  readonly kind?: WeightKind;
}

/** A model whose factors alone train and travel. */
export interface FactorizedModel {
  readonly model: LanguageModel;
  /** The factors, shape [model.layout.size]. */
  readonly params: Float32Array;
  /** ‖W − B·A‖ of every target by name: √(Σ_{i>r} σ_i²), the least that rank r can have (Eckart and Young 1936). */
  readonly errors: ReadonlyMap<string, number>;
}

/**
 * Replaces matrices by their truncated singular value decompositions, B·A = (U_r·√Σ_r)·(√Σ_r·V_rᵀ): everything but the factors
 * is frozen, and r·(rows + columns) values of a matrix travel instead of rows·columns.
 *
 * @param params - Of a model all of whose tensors train, shape [model.layout.size].
 * @throws FedkitError as {@link freeze} and `lora`; `OUT_OF_RANGE` for a rank that a target does not have.
 */
export function factorize(model: LanguageModel, params: Float32Array, options: FactorizeOptions): FactorizedModel {
  checkOptions('factorize', options, {
    rank: true,
    residual: true,
    kind: true,
    targets: true,
    layers: true,
  } satisfies OptionNames<typeof options>);
  const { residual = 'dropped', kind = 'f32', rank: _, ...where } = options;
  if (residual !== 'dropped' && residual !== 'frozen') {
    refuse('INVALID_ARGUMENT', 'factorize: residual', "'dropped' or 'frozen'", residual);
  }
  checkVector('factorize: params', params, model.layout.size);
  const places = checkTargets('factorize', where).of(model.shape);
  const most = Math.min(...places.map(({ outputs, inputs }) => Math.min(outputs, inputs)));
  const rank = checkInteger('factorize: rank', options.rank, 1, most);
  const rest = params.slice();
  const errors = new Map<string, number>();
  const factors = new Map<string, Float32Array>();
  for (const { path, outputs, inputs } of places) {
    const weight = model.layout.view(rest, `${path}.weight`);
    const { u, sigma, v } = svd({ rows: outputs, columns: inputs, values: Float64Array.from(weight) });
    const [a, b] = [new Float32Array(rank * inputs), new Float32Array(outputs * rank)];
    for (let k = 0; k < rank; k++) {
      const root = Math.sqrt(sigma[k]);
      for (let i = 0; i < inputs; i++) a[k * inputs + i] = root * v.values[i * v.columns + k];
      for (let i = 0; i < outputs; i++) b[i * rank + k] = root * u.values[i * u.columns + k];
    }
    factors.set(`${path}.lora_A.weight`, a);
    factors.set(`${path}.lora_B.weight`, b);
    errors.set(path, Math.sqrt(sigma.subarray(rank).reduce((sum, value) => sum + value * value, 0)));
    if (residual === 'dropped') weight.fill(0);
    else {
      for (let i = 0; i < outputs; i++) {
        for (let j = 0; j < inputs; j++) {
          let sum = 0;
          for (let k = 0; k < rank; k++) sum += b[i * rank + k] * a[k * inputs + j];
          weight[i * inputs + j] -= sum;
        }
      }
    }
  }
  const factorized = adapt(freeze(model, rest, { kind }), lora({ ...where, rank, alpha: rank }));
  const values = new Float32Array(factorized.layout.size);
  for (const [name, own] of factors) factorized.layout.view(values, name).set(own);
  return { model: factorized, params: values, errors };
}
