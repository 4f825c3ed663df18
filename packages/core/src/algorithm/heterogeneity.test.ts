import { describe, expect, it } from 'vitest';
import { federate, local, quadratic } from '../../test/quadratic.ts';
import { serverSgd } from '../server/sgd.ts';
import { fedAvg } from './fed-avg.ts';
import { fedDyn } from './fed-dyn.ts';
import { fedNova } from './fed-nova.ts';
import { fedProx } from './fed-prox.ts';
import { scaffold } from './scaffold.ts';

/*
 * Two clients, f₁ = ½·(x − 3)² and f₂ = ½·4·(x + 1)²: the joint optimum of (f₁ + f₂)/2 is (3 − 4)/5 = −0.2.
 *
 * K local steps of size η take client i from x to b_i + q_i·(x − b_i) with q_i = (1 − η·a_i)ᴷ, so that federated
 * averaging comes to rest at Σ(1 − q_i)·b_i / Σ(1 − q_i): at η = 0.1, K = 10 that is 0.5839, nowhere near.
 */
const trainers = [quadratic(1, [3]), quadratic(4, [-1])];
const optimum = -0.2;
const start = Float32Array.of(5);
const K = 10;
const eta = 0.1;
const options = () => local({ steps: K, learningRate: eta });

function restOfFedAvg(etas: number, steps: readonly [number, number]): number {
  const q1 = (1 - etas) ** steps[0];
  const q2 = (1 - 4 * etas) ** steps[1];
  return ((1 - q1) * 3 - (1 - q2)) / (2 - q1 - q2);
}

describe('two clients with optima 3 and −1, whose sum has its optimum at −0.2', () => {
  it('FedAvg comes to rest at 0.5839', async () => {
    const { params } = await federate(fedAvg(), trainers, start, { rounds: 300, options });
    expect(restOfFedAvg(eta, [K, K])).toBeCloseTo(0.5839, 3);
    expect(params[0]).toBeCloseTo(restOfFedAvg(eta, [K, K]), 5);
  });

  it('FedProx is nearer with a larger μ, and still off', async () => {
    const at = async (mu: number) =>
      (await federate(fedProx({ mu }), trainers, start, { rounds: 2000, options })).params[0];
    const [weak, strong] = [await at(0.5), await at(5)];
    expect(weak - optimum).toBeGreaterThan(0.3);
    expect(strong - optimum).toBeGreaterThan(0.05);
    expect(strong).toBeLessThan(weak);
  });

  it.each([1, 2] as const)('SCAFFOLD, option %i, reaches it', async (option) => {
    const { params, state } = await federate(scaffold({ option }), trainers, start, { rounds: 300, options });
    expect(params[0]).toBeCloseTo(optimum, 5);
    expect(state.control[0]).toBeCloseTo(0, 5);
  });

  it.each([1, 2] as const)('SCAFFOLD, option %i, reaches it when one client of two takes part', async (option) => {
    const cohort = (round: number) => [round % 2];
    const smaller = () => local({ steps: K, learningRate: 0.02 });
    const { params } = await federate(scaffold({ option }), trainers, start, { rounds: 500, options: smaller, cohort });
    expect(params[0]).toBeCloseTo(optimum, 4);
  });

  it('SCAFFOLD with local momentum reaches it: K counts as the steps that momentum accumulates', async () => {
    const moving = () => local({ steps: 5, learningRate: 0.02, momentum: 0.5 });
    const { params } = await federate(scaffold(), trainers, start, { rounds: 600, options: moving });
    expect(params[0]).toBeCloseTo(optimum, 4);
  });

  it.each([0.1, 1, 10])('FedDyn with α = %d reaches it', async (alpha) => {
    // Local problems are solved, as the paper has it: enough steps of a size that the penalty allows.
    const solved = () => local({ steps: 200, learningRate: 0.05 });
    const { params } = await federate(fedDyn({ alpha }), trainers, start, { rounds: 200, options: solved });
    expect(params[0]).toBeCloseTo(optimum, 4);
  });

  it('FedDyn reaches it when one client of two takes part', async () => {
    const solved = () => local({ steps: 200, learningRate: 0.05 });
    const cohort = (round: number) => [round % 2];
    const { params } = await federate(fedDyn({ alpha: 1 }), trainers, start, { rounds: 600, options: solved, cohort });
    expect(params[0]).toBeCloseTo(optimum, 3);
  });
});

describe('two clients of one curvature that take 2 and 20 local steps', () => {
  // f₁ = ½·(x − 3)², f₂ = ½·(x + 1)²: the joint optimum is 1. FedAvg goes to the minimum of 2·f₁ + 20·f₂, at −0.636,
  // and a smaller η only brings it closer to that.
  const equal = [quadratic(1, [3]), quadratic(1, [-1])];
  const shrinking = (client: number, round: number) =>
    local({ steps: client === 0 ? 2 : 20, learningRate: 0.1 / (1 + round / 20) });

  it('FedAvg goes to −0.636, FedNova to 1', async () => {
    const average = await federate(fedAvg(), equal, start, { rounds: 1500, options: shrinking });
    expect(average.params[0]).toBeCloseTo((2 * 3 - 20) / 22, 1);
    const nova = await federate(fedNova(), equal, start, { rounds: 1500, options: shrinking });
    expect(nova.params[0]).toBeCloseTo(1, 1);
    expect(Math.abs(nova.params[0] - 1)).toBeLessThan(0.03);
  });

  it('FedNova’s error is of order η: 0.045 at η = 0.005, 0.009 at η = 0.001', async () => {
    const at = async (learningRate: number) => {
      const fixed = (client: number) => local({ steps: client === 0 ? 2 : 20, learningRate });
      return (await federate(fedNova(), equal, start, { rounds: Math.round(2 / learningRate), options: fixed }))
        .params[0];
    };
    expect(await at(0.005)).toBeCloseTo(1.0445, 3);
    expect(await at(0.001)).toBeCloseTo(1.0089, 3);
  });

  it.each([
    ['momentum 0.9', { momentum: 0.9 }, {}],
    ['a proximal term', {}, { mu: 2 }],
    ['both', { momentum: 0.5 }, { mu: 2 }],
    ['global momentum', {}, { server: serverSgd({ learningRate: 1, momentum: 0.9 }) }],
  ])('FedNova with %s goes to 1', async (_name, localOptions, novaOptions) => {
    const fixed = (client: number) => local({ steps: client === 0 ? 2 : 20, learningRate: 0.002, ...localOptions });
    const { params } = await federate(fedNova(novaOptions as object), equal, start, { rounds: 1500, options: fixed });
    expect(Math.abs(params[0] - 1)).toBeLessThan(0.1);
  });

  it('FedNova normalizes learning rates that differ, too', async () => {
    const fixed = (client: number) => local({ steps: 4, learningRate: client === 0 ? 0.0005 : 0.005 });
    const { params } = await federate(fedNova(), equal, start, { rounds: 1500, options: fixed });
    expect(Math.abs(params[0] - 1)).toBeLessThan(0.03);
  });
});
