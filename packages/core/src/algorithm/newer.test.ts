import { describe, expect, it } from 'vitest';
import { federate, local, quadratic } from '../../test/quadratic.ts';
import { serverSgd } from '../server/sgd.ts';
import { afl, onSimplex } from './afl.ts';
import { diLoCo } from './di-lo-co.ts';
import { fedAcg } from './fed-acg.ts';
import { fedAvg } from './fed-avg.ts';
import { mean } from '../aggregate/mean.ts';
import { fedCm } from './fed-cm.ts';
import { fedExP } from './fed-exp.ts';
import { tilted } from './tilted.ts';

/** Client i goes all the way to its own optimum in one step of η = 1. */
const whole = () => local({ steps: 1, learningRate: 1 });
const info = { round: 1, cohort: 2, population: 2 };

describe('FedExP', () => {
  it('goes as far as the updates disagree: equation 7', async () => {
    // Δ = 3 and −1 from 0: mean 1, Σ‖Δ‖² = 10, so η_g = 10 / (2·2·1) = 2.5.
    const { state, params } = await federate(
      fedExP({ epsilon: 0 }),
      [quadratic(1, [3]), quadratic(1, [-1])],
      Float32Array.of(0),
      {
        rounds: 1,
        options: whole,
      },
    );
    expect([params[0], state.step]).toEqual([2.5, 2.5]);
    expect(fedExP().lastTwo(state)[0]).toBe(1.25);
  });

  it('adds ε to the squared mean alone, not once a client as the authors’ code (main.py: S·epsilon)', async () => {
    const options = { rounds: 1, options: whole };
    const clients = [quadratic(1, [3]), quadratic(1, [-1])];
    // 10 / (2·2·(1 + 1)), and not max{1, 10 / (2·2·(1 + 2·1))} = 1.
    expect((await federate(fedExP({ epsilon: 1 }), clients, Float32Array.of(0), options)).state.step).toBe(1.25);
  });

  it('is the mean where clients agree, and for opposite updates', async () => {
    const alike = [quadratic(1, [3]), quadratic(1, [3])];
    expect((await federate(fedExP(), alike, Float32Array.of(0), { rounds: 1, options: whole })).params[0]).toBe(3);
    const algorithm = fedExP({ epsilon: 0 });
    const opposite = { update: Float32Array.of(0), square: Float32Array.of(4) };
    expect(algorithm.serverStep(algorithm.init(Float32Array.of(7)), opposite, info).step).toBe(1);
  });

  it('finds a point that suits all clients in fewer rounds than FedAvg, as in the paper', async () => {
    // Underdetermined least squares: each of four clients fixes one coordinate of a common solution.
    const axis = (c: number) => {
      const slope = (at: Float32Array) => at.map((value, i) => (i === c ? value - 1 : 0));
      return {
        train: async (start: Float32Array, _objective: object, { learningRate = 0 }) => ({
          values: slope(start).map((value) => -learningRate * value),
          steps: 1,
          examples: 1,
        }),
        gradient: async (at: Float32Array) => slope(at),
      };
    };
    const clients = [0, 1, 2, 3].map(axis);
    const left = async (algorithm: Parameters<typeof federate>[0]) => {
      const { params } = await federate(algorithm, clients, new Float32Array(4), { rounds: 10, options: whole });
      return Math.hypot(...params.map((value) => value - 1));
    };
    const averaged = await left(fedAvg({ aggregate: (size) => mean(size) }) as never);
    const extrapolated = await left(fedExP({ epsilon: 0 }) as never);
    // FedAvg closes a quarter of the distance a round. Four orthogonal updates give η_g = 4/2: half of it.
    expect(averaged).toBeCloseTo(2 * 0.75 ** 10, 5);
    expect(extrapolated).toBeCloseTo(2 * 0.5 ** 10, 6);
  });
});

describe('FedCM', () => {
  it('is the unweighted mean at α = 1', async () => {
    const clients = [quadratic(1, [3], 5), quadratic(4, [-1], 1)];
    const options = () => local({ steps: 4, learningRate: 0.1 });
    const run = (algorithm: never) => federate(algorithm, clients, Float32Array.of(5), { rounds: 9, options });
    const plain = await run(fedAvg({ aggregate: (size) => mean(size) }) as never);
    expect((await run(fedCm({ alpha: 1 }) as never)).params[0]).toBeCloseTo(plain.params[0], 6);
  });

  it('follows its recursion: α = ½, one step of ½, one client at 0', async () => {
    // y = x − η·(α·x + (1 − α)·m); m ← (x − y)/η.
    let [x, m] = [8, 0];
    const algorithm = fedCm({ alpha: 0.5 });
    for (const rounds of [1, 2, 3, 4]) {
      const step = 0.5 * x + 0.5 * m;
      [x, m] = [x - 0.5 * step, step];
      const options = () => local({ steps: 1, learningRate: 0.5 });
      const { state } = await federate(algorithm, [quadratic(1, [0])], Float32Array.of(8), { rounds, options });
      expect([state.params[0], state.momentum[0]]).toEqual([x, m]);
    }
  });

  it('takes the mean direction of clients that take different numbers of steps', () => {
    const algorithm = fedCm();
    const aggregate = { update: Float32Array.of(-3), travelled: Float32Array.of(0.6) };
    expect(algorithm.serverStep(algorithm.init(Float32Array.of(0)), aggregate, info).momentum[0]).toBe(5);
  });
});

describe('FedACG', () => {
  it('is federated averaging at λ = β = 0, and follows its recursion otherwise', async () => {
    const clients = [quadratic(1, [3], 5), quadratic(4, [-1], 1)];
    const options = () => local({ steps: 4, learningRate: 0.1 });
    const run = (algorithm: never) => federate(algorithm, clients, Float32Array.of(5), { rounds: 9, options });
    expect((await run(fedAcg({ lambda: 0, beta: 0 }) as never)).params).toEqual((await run(fedAvg() as never)).params);
    // One client at 0, all the way from z = x + λ·m: Δ = −z, m ← λ·m − z = −x.
    let [x, m] = [8, 0];
    for (const rounds of [1, 2, 3]) {
      m = 0.5 * m - (x + 0.5 * m);
      x += m;
      const one = await federate(fedAcg({ lambda: 0.5, beta: 0 }), [quadratic(1, [0])], Float32Array.of(8), {
        rounds,
        options: whole,
      });
      expect([one.state.params[0], one.state.momentum[0]]).toEqual([x, m]);
    }
  });

  it('reaches a common optimum that is badly conditioned in fewer rounds than FedAvg', async () => {
    const slow = [quadratic(0.05, [1]), quadratic(0.05, [1])];
    const left = async (algorithm: never) =>
      Math.abs((await federate(algorithm, slow, Float32Array.of(0), { rounds: 40, options: whole })).params[0] - 1);
    expect(await left(fedAcg({ lambda: 0.6, beta: 0 }) as never)).toBeLessThan((await left(fedAvg() as never)) / 10);
  });
});

describe('tilted averaging', () => {
  const clients = [quadratic(1, [3]), quadratic(1, [3]), quadratic(1, [-1])];
  const rest = async (tilt: number, rounds = 3000, start = 0) => {
    const options = () => local({ steps: 1, learningRate: 0.02 });
    return (await federate(tilted({ tilt }), clients, Float32Array.of(start), { rounds, options })).params[0];
  };

  it('is federated averaging at t = 0', async () => {
    const options = () => local({ steps: 1, learningRate: 0.02 });
    const plain = await federate(fedAvg(), clients, Float32Array.of(0), { rounds: 50, options });
    expect(await rest(0, 50)).toBe(plain.params[0]);
  });

  it.each([0.5, 2, -0.3])('rests where the tilted gradient is 0: t = %d', async (tilt) => {
    const x = await rest(tilt);
    const [near, far] = [Math.exp((tilt * (x - 3) ** 2) / 2), Math.exp((tilt * (x + 1) ** 2) / 2)];
    // Σ e^{tF}·F'.
    expect((2 * near * (x - 3) + far * (x + 1)) / (2 * near + far)).toBeCloseTo(0, 4);
  });

  it('is fair at large t, and leaves outliers out at negative t', async () => {
    // The worst client fares best in the middle, at 1; the mean is at 5/3.
    expect(await rest(3)).toBeGreaterThan(1);
    expect(await rest(3)).toBeLessThan(1.15);
    expect(await rest(-1, 3000, 2)).toBeGreaterThan(2.9);
  });
});

describe('AFL', () => {
  const clients = [quadratic(1, [3]), quadratic(1, [3]), quadratic(1, [-1])];
  const algorithm = afl({ domains: 3, domainOf: (trainer) => clients.indexOf(trainer as never), weightRate: 0.05 });
  const options = () => local({ steps: 1, learningRate: 0.05 });

  it('rests where the worst client fares best, not at the mean', async () => {
    // Clients at 3, 3 and −1: (x − 3)² = (x + 1)² at 1, with half of the weight on the one; federated averaging rests at 5/3.
    const { params, state } = await federate(algorithm, clients, Float32Array.of(0), { rounds: 2000, options });
    expect(Math.abs(params[0] - 1)).toBeLessThan(0.01);
    expect(state.weights[2]).toBeCloseTo(0.5, 2);
    const mixed = await federate(fedAvg(), clients, Float32Array.of(0), { rounds: 2000, options });
    expect(mixed.params[0]).toBeCloseTo(5 / 3, 3);
  });

  it('projects onto the simplex: figure 1 of Duchi et al.', () => {
    const found = (values: number[]) => [...onSimplex(Float64Array.from(values))];
    expect(found([0.2, 0.3, 0.5])).toEqual([0.2, 0.3, 0.5].map((value) => expect.closeTo(value, 12)));
    expect(found([2, 0, 0])).toEqual([1, 0, 0]);
    // 1, 0.5, −1 less ¼: not the ratio of what is positive.
    expect(found([1, 0.5, -1])).toEqual([0.75, 0.25, 0]);
  });

  it('counts a domain once, however many clients speak for it, and leaves one alone that nobody spoke for', () => {
    const state = algorithm.init(Float32Array.of(0));
    // Three clients of the first domain with loss 6, one of the second with 2, none of the third; means over four.
    const aggregate = {
      update: Float32Array.of(1),
      losses: Float32Array.of((3 * 6) / 4, 2 / 4, 0),
      counts: Float32Array.of(0.75, 0.25, 0),
    };
    const next = algorithm.serverStep(state, aggregate, { round: 1, cohort: 4, population: 9 });
    const expected = onSimplex(Float64Array.of(1 / 3 + 0.05 * 6, 1 / 3 + 0.05 * 2, 1 / 3));
    next.weights.forEach((weight, c) => expect(weight).toBeCloseTo(expected[c], 6));
  });
});

it("DiLoCo is Nesterov's momentum on the unweighted mean", async () => {
  const clients = [quadratic(1, [3], 5), quadratic(4, [-1], 1)];
  const options = () => local({ steps: 4, learningRate: 0.1 });
  const run = (algorithm: never) => federate(algorithm, clients, Float32Array.of(5), { rounds: 9, options });
  const server = serverSgd({ learningRate: 0.7, momentum: 0.9, nesterov: true });
  const plain = fedAvg({ server, aggregate: (size) => mean(size) });
  expect((await run(diLoCo() as never)).params).toEqual((await run(plain as never)).params);
});
