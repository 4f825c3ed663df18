/**
 * Who works in a memory, and when: parameters that come and go with their user.
 *
 * @module
 */
import type { KernelMemory, WorkspaceUser } from '../kernels/memory.ts';
import type { Machine } from './linear.ts';

/** Where parameters and what trains them lie; byte offsets, 0 for gradients where nothing is trained. */
export interface ParameterPlan {
  readonly start: number;
  readonly end: number;
  readonly params: number;
  readonly gradients: number;
  readonly moments: readonly [number, number];
}

/** How a session sets up its place. */
export interface Setup<P> {
  /** Plans from byte `start` on. */
  plan(start: number): P;
  /** Puts what is the same in every pass in place. */
  prepare?(plan: P): void;
}

/**
 * One user's time in the workspace. Between two calls of {@link enter} others may have worked there: what is kept,
 * parameters and moments, is then put back; everything else is undefined.
 */
export class ParameterSession<P extends ParameterPlan> implements WorkspaceUser {
  readonly #memory: KernelMemory;
  readonly #setup: Setup<P>;
  #machine: Machine<P> | undefined;
  #params: Float32Array;
  #moments: readonly [Float32Array, Float32Array] | undefined;

  /** @param params - Shape [d]; copied when the session enters. */
  constructor(memory: KernelMemory, setup: Setup<P>, params: Float32Array) {
    this.#memory = memory;
    this.#setup = setup;
    this.#params = params;
  }

  /** Takes the workspace. Returns whether everything in it is as this session left it. */
  enter(): { machine: Machine<P>; fresh: boolean } {
    const memory = this.#memory;
    memory.claim(this);
    if (this.#machine) return { machine: this.#machine, fresh: false };
    const plan = this.#setup.plan(memory.workspace);
    memory.reserve(plan.end - plan.start);
    const { floats } = memory;
    floats.set(this.#params, plan.params / 4);
    if (plan.gradients !== 0) {
      for (const [i, at] of plan.moments.entries()) {
        floats.fill(0, at / 4, at / 4 + this.#params.length);
        if (this.#moments) floats.set(this.#moments[i], at / 4);
      }
    }
    this.#setup.prepare?.(plan);
    this.#machine = { memory, kernels: memory.kernels, plan };
    return { machine: this.#machine, fresh: true };
  }

  /** The parameters, a view that holds until anyone enters or the memory grows. */
  params(): Float32Array {
    return this.#view(this.enter().machine.plan.params);
  }

  /** The gradient, a view as {@link params}. */
  gradient(): Float32Array {
    return this.#view(this.enter().machine.plan.gradients);
  }

  /** Copies of the optimizer's two moments. */
  moments(): readonly [Float32Array, Float32Array] {
    const [m, v] = this.enter().machine.plan.moments;
    return [this.#view(m).slice(), this.#view(v).slice()];
  }

  /** Puts moments in place. */
  setMoments(moments: readonly [Float32Array, Float32Array]): void {
    const { plan, memory } = this.enter().machine;
    moments.forEach((values, i) => memory.floats.set(values, plan.moments[i] / 4));
  }

  /** Done: nothing is kept for another {@link enter}, which must not follow. */
  end(): void {
    this.#memory.release(this);
    this.#machine = undefined;
  }

  evict(): void {
    if (!this.#machine) return;
    const { plan } = this.#machine;
    this.#params = this.#view(plan.params).slice();
    if (plan.gradients !== 0) {
      const [m, v] = plan.moments;
      this.#moments = [this.#view(m).slice(), this.#view(v).slice()];
    }
    this.#machine = undefined;
  }

  #view(at: number): Float32Array {
    return this.#memory.floats.subarray(at / 4, at / 4 + this.#params.length);
  }
}
