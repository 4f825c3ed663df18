import { describe, expect, it } from 'vitest';
import { federate, local, quadratic } from '../../test/quadratic.ts';
import { fedAvg } from './fed-avg.ts';
import { fedDyn } from './fed-dyn.ts';
import { fedNova } from './fed-nova.ts';
import { scaffold } from './scaffold.ts';

/*
 * f₁ = ½·(x − 1)², f₂ = ½·10·(x + 1)²: the joint optimum is (1 − 10)/11 = −9/11. K steps of η leave the share q_i = (1 − η·a_i)ᴷ of
 * the way, so that federated averaging rests at Σ(1 − q_i)·b_i/Σ(1 − q_i): −0.62138 for K = 5, −0.21839 for K = 20, at η = 0.05.
 */
describe("FedAvg's drift: two quadratics of curvature 1 and 10", () => {
  const clients = [quadratic(1, [1]), quadratic(10, [-1])];
  const rest = async (algorithm: Parameters<typeof federate>[0], steps: number, rounds = 400) => {
    const options = () => local({ steps, learningRate: 0.05 });
    return (await federate(algorithm, clients, Float32Array.of(2), { rounds, options })).params[0];
  };

  it.each([
    [5, -0.62138],
    [20, -0.21839],
  ])('%d local steps rest at %d', async (steps, expected) => {
    expect(await rest(fedAvg() as never, steps)).toBeCloseTo(expected, 5);
  });

  it.each([5, 20])('SCAFFOLD and FedDyn reach −9/11 with %d steps', async (steps) => {
    expect(await rest(scaffold() as never, steps)).toBeCloseTo(-9 / 11, 5);
    expect(await rest(fedDyn({ alpha: 5 }) as never, steps, 3000)).toBeCloseTo(-9 / 11, 5);
  });
});

/*
 * Theorem 1 of FedNova (Wang et al., NeurIPS 2020): with τ_i local steps and small η, federated averaging minimizes Σ p_i·τ_i·F_i
 * in the place of Σ p_i·F_i. Optima at 0 and 8 of curvature 1, τ = 1 and 13: 8·13/14 = 7.4286, and not 4.
 */
describe('FedNova, theorem 1: clients that take 1 and 13 steps', () => {
  const clients = [quadratic(1, [0]), quadratic(1, [8])];
  const options = (client: number) => local({ steps: [1, 13][client], learningRate: 1e-4 });
  const rest = async (algorithm: Parameters<typeof federate>[0], start: number) =>
    (await federate(algorithm, clients, Float32Array.of(start), { rounds: 4000, options })).params[0];

  it('FedAvg rests at 7.4286', async () => {
    expect(Math.abs((await rest(fedAvg() as never, 7.4)) - 7.4286)).toBeLessThan(5e-3);
  });

  it('FedNova rests at 4', async () => {
    expect(Math.abs((await rest(fedNova() as never, 4.02)) - 4)).toBeLessThan(5e-3);
  });
});
