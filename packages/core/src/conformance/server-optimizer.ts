/**
 * The laws of a {@link ServerOptimizer}.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';
import type { ServerOptimizer } from '../server/contract.ts';
import { copyOf, mapVectors, sameBits, scribble } from './bits.ts';
import { ensure, ensureRefused, type Law } from './law.ts';

/** An optimizer to be held against its laws. */
export interface ServerOptimizerSetup<S extends PlainData> {
  readonly optimizer: ServerOptimizer<S>;
  /** Parameters in the model; default 17. */
  readonly size?: number;
  /** Whether a coordinate's step depends on that coordinate alone, as in all of Reddi et al.; default true. */
  readonly coordinateWise?: boolean;
}

/** A step is a pure function of plain data, goes downhill, and refuses what it cannot use. */
export function serverOptimizerLaws<S extends PlainData>(setup: ServerOptimizerSetup<S>): Law[] {
  checkOptions('serverOptimizerLaws', setup, {
    optimizer: true,
    size: true,
    coordinateWise: true,
  } satisfies OptionNames<typeof setup>);
  const { optimizer, size = 17, coordinateWise = true } = setup;
  const rng = seededRng('server optimizer');
  const draw = (scale: number): Float32Array =>
    Float32Array.from({ length: size }, () => (rng.uniform() - 0.5) * scale * 2 ** (rng.below(9) - 4));
  const start = draw(1);
  const deltas = Array.from({ length: 5 }, () => draw(0.1));
  const run = (state: S, params: Float32Array, from: readonly Float32Array[]): { state: S; params: Float32Array }[] => {
    const steps: { state: S; params: Float32Array }[] = [];
    let now = { state, params };
    for (const delta of from) {
      now = optimizer.step(now.state, now.params, delta);
      steps.push(now);
    }
    return steps;
  };
  const all = (): { state: S; params: Float32Array }[] => run(optimizer.init(size), start, deltas);

  return [
    {
      name: 'the same steps give the same bits',
      run: () => ensure(sameBits(all(), all()), 'two runs to agree in every bit'),
    },
    {
      name: 'a step changes none of its arguments',
      run() {
        const { state, params } = optimizer.step(optimizer.init(size), start, deltas[0]);
        const given = [state, params, deltas[1]] as const;
        const before = copyOf(given);
        optimizer.step(...given);
        ensure(sameBits(given, before), 'state, parameters and delta as they were');
      },
    },
    {
      name: 'a step returns memory of its own',
      run() {
        const expected = copyOf(all());
        let now: { state: S; params: Float32Array } = { state: optimizer.init(size), params: start.slice() };
        deltas.forEach((delta, i) => {
          const lent = delta.slice();
          const next = optimizer.step(now.state, now.params, lent);
          scribble(now.state);
          scribble(now.params);
          scribble(lent);
          ensure(sameBits(next, expected[i]), `step ${i + 1} not to share memory with what it was given`);
          now = next;
        });
      },
    },
    {
      name: 'the state is plain data: a copy goes on alike',
      run() {
        const steps = all();
        const copied = copyOf(steps[1]);
        ensure(sameBits(run(copied.state, copied.params, deltas.slice(2)), steps.slice(2)), 'a copied state to go on');
        ensure(sameBits(optimizer.init(size), optimizer.init(size)), 'one initial state');
      },
    },
    {
      name: 'the first step goes where delta points, and nowhere without one',
      run() {
        const { params } = optimizer.step(optimizer.init(size), new Float32Array(size), deltas[0]);
        const signs = (vector: Float32Array): number[] => Array.from(vector, Math.sign);
        const along = params.reduce((sum, value, c) => sum + value * deltas[0][c], 0);
        if (coordinateWise)
          ensure(sameBits(signs(params), signs(deltas[0])), 'every coordinate to move with its delta');
        else ensure(along > 0, 'a step along delta');
        const still = optimizer.step(optimizer.init(size), start, new Float32Array(size));
        ensure(sameBits(still.params, start), 'a delta of zero to move nothing');
      },
    },
    {
      name: 'coordinates are stepped alike, each by itself',
      run() {
        if (!coordinateWise) return;
        const reverse = (vector: Float32Array): Float32Array => vector.slice().reverse();
        const mirrored = run(optimizer.init(size), reverse(start), deltas.map(reverse));
        const steps = all();
        ensure(
          steps.every(({ params }, i) => sameBits(reverse(mirrored[i].params), params)),
          'the order of coordinates not to matter',
        );
      },
    },
    {
      name: 'steps a range by itself as it steps the whole, where it says that it is coordinate-wise',
      run() {
        if (!optimizer.coordinateWise) return;
        const { state, params } = all()[1];
        const whole = optimizer.step(state, params, deltas[2]);
        const rangeOf = (data: unknown) => mapVectors(data, (vector) => vector.slice(3, 8));
        const range = optimizer.step(rangeOf(state) as S, rangeOf(params) as Float32Array, deltas[2].slice(3, 8));
        ensure(sameBits(range, rangeOf(whole)), 'the bits of the whole');
      },
    },
    {
      name: 'other lengths and non-finite deltas are refused, and nothing is changed',
      run() {
        const { state, params } = optimizer.step(optimizer.init(size), start, deltas[0]);
        const before = copyOf({ state, params });
        const wrong = new Float32Array(size + 1);
        ensureRefused('a delta of another length', ['SHAPE_MISMATCH'], () => optimizer.step(state, params, wrong));
        ensureRefused('parameters of another length', ['SHAPE_MISMATCH'], () =>
          optimizer.step(state, wrong, deltas[1]),
        );
        for (const value of [Number.NaN, Infinity, -Infinity]) {
          const delta = deltas[1].slice();
          delta[size - 1] = value;
          ensureRefused(`a delta with ${value}`, ['OUT_OF_RANGE'], () => optimizer.step(state, params, delta));
        }
        ensure(sameBits({ state, params }, before), 'refusals to leave everything as it was');
      },
    },
  ];
}
