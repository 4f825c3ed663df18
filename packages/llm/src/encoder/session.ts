/**
 * An encoder and its adapter at work, in turns with others of the same memory.
 *
 * @module
 */
import type { Weights } from '../model/base.ts';
import { ParameterSession } from '../network/session.ts';
import type { EncoderAdapter } from './adapter.ts';
import { encode, encodeBackward } from './pass.ts';
import { type AdapterPlan, adapterPlan, type EncoderPlan, encoderPlan } from './plan.ts';
import type { EncoderShape } from './shape.ts';

/** {@link ParameterSession} over an encoder's adapter, with the passes of its texts. */
export class EncoderSession extends ParameterSession<AdapterPlan> {
  readonly shape: EncoderShape;
  readonly #weights: Weights;
  readonly #adapter: EncoderAdapter;
  #last: { readonly texts: readonly ArrayLike<number>[]; readonly plan: EncoderPlan } | undefined;

  /**
   * @param params - Of the adapter; copied when the session enters.
   * @param training - Whether there will be a way back.
   */
  constructor(shape: EncoderShape, weights: Weights, adapter: EncoderAdapter, params: Float32Array, training: boolean) {
    const prepare = ({ fixed }: AdapterPlan) => weights.memory.floats.set(adapter.fixedValues, fixed / 4);
    super(weights.memory, { plan: (start) => adapterPlan(adapter, training, start), prepare }, params);
    this.shape = shape;
    this.#weights = weights;
    this.#adapter = adapter;
  }

  /** States of checked texts, shape [Σ tokens, width], a view that holds until anyone enters. */
  states(texts: readonly ArrayLike<number>[]): Float32Array {
    const { plan: placed } = this.enter().machine;
    const plan = encoderPlan(this.shape, this.#weights, this.#adapter, placed, texts);
    this.#weights.memory.reserve(plan.end - placed.start);
    this.#last = { texts, plan };
    return encode(this.shape, this.#weights, plan, texts);
  }

  /** The way back of the last {@link states}, with nothing in between: adds the gradient of the adapter. */
  backward(gradient: Float32Array): void {
    if (this.#last === undefined) return;
    const { texts, plan } = this.#last;
    encodeBackward(this.shape, this.#weights, plan, texts, gradient);
  }
}
