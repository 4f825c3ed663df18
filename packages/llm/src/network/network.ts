/**
 * A base and what adapts it, ready to compute.
 *
 * @module
 */
import { Layout } from '@fedkit/core';
import { cos, pow, sin } from '@fedkit/core/math';
import type { Adaptation } from '../adapt/adaptation.ts';
import type { LanguageBase } from '../model/base.ts';
import { type Part, partHolds, wholePart } from './part.ts';
import { makePlan, type Plan, type PlanRequest } from './plan.ts';
import { ParameterSession } from './session.ts';

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

/** {@link ParameterSession} over a network's own plan. */
export class Session extends ParameterSession<Plan> {
  /** @param params - Shape [d]; copied when the session enters. */
  constructor(network: Network, request: PlanRequest, params: Float32Array) {
    const { memory, shape } = network.base;
    const prepare = (plan: Plan) => {
      memory.floats.set(network.fixedValues, plan.fixed / 4);
      if (shape.positions === 'rotary') {
        memory.floats.set(network.angles(plan.promptTokens + plan.length), plan.rotary / 4);
      }
    };
    super(memory, { plan: (start) => network.plan(request, start), prepare }, params);
  }
}
