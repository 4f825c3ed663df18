/**
 * A base and what adapts it, ready to compute: who works in its memory, and when.
 *
 * @module
 */
import { Layout } from '@fedkit/core';
import { cos, pow, sin } from '@fedkit/core/math';
import type { Adaptation } from '../adapt/adaptation.ts';
import type { WorkspaceUser } from '../kernels/memory.ts';
import type { LanguageBase } from '../model/base.ts';
import type { Machine } from './linear.ts';
import { type Part, partHolds, wholePart } from './part.ts';
import { makePlan, type Plan, type PlanRequest } from './plan.ts';

/** A base with an adaptation, or a part of one. */
export class Network {
  readonly base: LanguageBase;
  readonly adaptation: Adaptation;
  readonly part: Part;
  /** Of the trainable vector. */
  readonly layout: Layout;
  readonly fixed: Layout;
  readonly fixedValues: Float32Array;
  #angles: Float32Array = new Float32Array(0);

  constructor(base: LanguageBase, adaptation: Adaptation, part: Part = wholePart(base.shape)) {
    this.base = base;
    this.adaptation = adaptation;
    this.part = part;
    const holds = (name: string) => partHolds(base.shape, part, name);
    this.layout = Layout.of(adaptation.tensors(base.shape).filter(({ name }) => holds(name)));
    const fixed = (adaptation.fixed?.(base.shape) ?? []).filter(({ spec }) => holds(spec.name));
    this.fixed = Layout.of(fixed.map(({ spec }) => spec));
    this.fixedValues = new Float32Array(this.fixed.size);
    fixed.forEach(({ values }, i) => this.fixedValues.set(values, this.fixed.tensors[i].offset));
  }

  /** The plan of a pass whose workspace begins at byte `start`. */
  plan(request: PlanRequest, start: number): Plan {
    return makePlan(this.base, this.adaptation, this.layout, this.fixed, request, this.part, start);
  }

  /** [positions][headWidth / 2][cosine, sine] of the rotary angles. */
  angles(positions: number): Float32Array {
    const { headWidth, rotaryBase } = this.base.shape;
    if (this.#angles.length >= positions * headWidth) return this.#angles.subarray(0, positions * headWidth);
    const half = headWidth / 2;
    const angles = new Float32Array(positions * headWidth);
    for (let i = 0; i < half; i++) {
      const frequency = pow(rotaryBase, -i / half);
      for (let t = 0; t < positions; t++) {
        angles[2 * (t * half + i)] = cos(t * frequency);
        angles[2 * (t * half + i) + 1] = sin(t * frequency);
      }
    }
    this.#angles = angles;
    return angles;
  }
}

/**
 * One user's time in the workspace. Between two calls of {@link enter} others may have worked there: what is kept,
 * parameters and moments, is then put back; everything else is undefined.
 */
export class Session implements WorkspaceUser {
  readonly #network: Network;
  readonly #request: PlanRequest;
  #machine: Machine | undefined;
  #params: Float32Array;
  #moments: readonly [Float32Array, Float32Array] | undefined;

  /** @param params - Shape [d]; copied when the session enters. */
  constructor(network: Network, request: PlanRequest, params: Float32Array) {
    this.#network = network;
    this.#request = request;
    this.#params = params;
  }

  /** Takes the workspace. Returns whether everything in it is as this session left it. */
  enter(): { machine: Machine; fresh: boolean } {
    const { memory, shape } = this.#network.base;
    memory.claim(this);
    if (this.#machine) return { machine: this.#machine, fresh: false };
    const plan = this.#network.plan(this.#request, memory.workspace);
    memory.reserve(plan.end - plan.start);
    const floats = memory.floats;
    floats.set(this.#params, plan.params / 4);
    if (plan.gradients !== 0) {
      for (const [i, at] of plan.moments.entries()) {
        floats.fill(0, at / 4, at / 4 + this.#params.length);
        if (this.#moments) floats.set(this.#moments[i], at / 4);
      }
    }
    floats.set(this.#network.fixedValues, plan.fixed / 4);
    if (shape.positions === 'rotary') {
      floats.set(this.#network.angles(plan.promptTokens + plan.length), plan.rotary / 4);
    }
    this.#machine = { memory, kernels: memory.kernels, plan };
    return { machine: this.#machine, fresh: true };
  }

  /** The parameters, a view that holds until anyone enters or the memory grows. */
  params(): Float32Array {
    const { plan, memory } = this.enter().machine;
    return memory.floats.subarray(plan.params / 4, plan.params / 4 + this.#params.length);
  }

  /** The gradient, a view as {@link params}. */
  gradient(): Float32Array {
    const { plan, memory } = this.enter().machine;
    return memory.floats.subarray(plan.gradients / 4, plan.gradients / 4 + this.#params.length);
  }

  /** Copies of the optimizer's two moments. */
  moments(): readonly [Float32Array, Float32Array] {
    const { plan, memory } = this.enter().machine;
    const size = this.#params.length;
    return [
      memory.floats.slice(plan.moments[0] / 4, plan.moments[0] / 4 + size),
      memory.floats.slice(plan.moments[1] / 4, plan.moments[1] / 4 + size),
    ];
  }

  /** Puts moments in place. */
  setMoments(moments: readonly [Float32Array, Float32Array]): void {
    const { plan, memory } = this.enter().machine;
    moments.forEach((values, i) => memory.floats.set(values, plan.moments[i] / 4));
  }

  evict(): void {
    if (!this.#machine) return;
    const { plan, memory } = this.#machine;
    const size = this.#params.length;
    this.#params = memory.floats.slice(plan.params / 4, plan.params / 4 + size);
    if (plan.gradients !== 0) {
      const [m, v] = plan.moments;
      this.#moments = [memory.floats.slice(m / 4, m / 4 + size), memory.floats.slice(v / 4, v / 4 + size)];
    }
    this.#machine = undefined;
  }
}
