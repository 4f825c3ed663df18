import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Update } from '../aggregate/contract.ts';
import { coordinateMedian } from '../aggregate/robust/coordinate-median.ts';
import { krum } from '../aggregate/robust/krum.ts';
import type { Trainer } from '../client/trainer.ts';
import { algorithmLaws } from '../conformance/algorithm.ts';
import { checkLaws } from '../conformance/law.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { Layout, type TensorRole } from '../model/layout.ts';
import { decodeState, encodeState } from '../model/state-file.ts';
import { centralDp } from '../pipeline/central-dp.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { plainUpdatesClient } from '../pipeline/plain-updates-client.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';
import { serverAdam } from '../server/adam.ts';
import type { Algorithm } from './contract.ts';
import { ditto } from './ditto.ts';
import { fedAdam } from './fed-adam.ts';
import { fedAvg } from './fed-avg.ts';
import { fedAvgClient } from './fed-avg-client.ts';
import { fedAvgM } from './fed-avg-m.ts';
import { fedBuff } from './fed-buff.ts';
import { fedDyn } from './fed-dyn.ts';
import { fedNova } from './fed-nova.ts';
import { fedProx } from './fed-prox.ts';
import { fedRep } from './fed-rep.ts';
import { mimeLite } from './mime-lite.ts';
import { qFedAvg } from './q-fed-avg.ts';
import { scaffold } from './scaffold.ts';
import { withMetrics } from './with-metrics.ts';
import { withRoles } from './with-roles.ts';
import { withRolesClient } from './with-roles-client.ts';

type Any = Algorithm<PlainData, PlainData, PlainData, Update, PlainData> & {
  personal?(broadcast: PlainData, state?: PlainData): Float32Array;
};

const algorithms: [string, () => unknown][] = [
  ['fedAvg', () => fedAvg()],
  ['fedAvgM', () => fedAvgM()],
  ['fedAdam', () => fedAdam({ learningRate: 0.1 })],
  ['fedProx', () => fedProx({ mu: 0.1 })],
  ['scaffold, option 1', () => scaffold({ option: 1 })],
  ['scaffold, option 2', () => scaffold({ option: 2, server: serverAdam({ learningRate: 0.1 }) })],
  ['fedNova', () => fedNova({ mu: 0.1 })],
  ['fedDyn', () => fedDyn({ alpha: 0.1 })],
  ['qFedAvg', () => qFedAvg({ q: 0.5 })],
  ['mimeLite on momentum', () => mimeLite({ base: { kind: 'momentum', beta: 0.9 } })],
  ['mimeLite on adam', () => mimeLite({ base: { kind: 'adam' } })],
  ['ditto', () => ditto({ lambda: 0.1 })],
  ['krum', () => fedAvg({ aggregate: (size) => krum(size, { byzantine: 0 }) })],
  ['metrics', () => fedAvg()],
];

/** Between the optimized tensors stand others of every role. */
const layout = Layout.of([
  { name: 'mean', shape: [3], role: 'averaged' },
  { name: 'kernel', shape: [2, 3] },
  { name: 'variance', shape: [3], role: 'averaged', varianceOf: 'mean' },
  { name: 'own', shape: [2], role: 'local' },
  { name: 'steps', shape: [], role: 'largest' },
  { name: 'bias', shape: [2], role: 'optimized' },
  { name: 'embedding', shape: [4], role: 'frozen' },
]);

const CLIENTS = 4;
const local = { steps: 3, batchSize: 'all', learningRate: 0.1 } as const;
const draw = (name: string, size: number) => {
  const rng = seededRng(name);
  return Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
};

/** What a client's batch normalization would do: moves towards statistics of its own, once a step, and counts. */
function roledTrainer(
  all: Layout,
  target: Float32Array,
  examples: number,
  kinds: (name: string) => TensorRole,
): Trainer {
  const inner = quadraticTrainer(target, examples);
  return {
    async train(start, objective, options) {
      const { values, ...rest } = await inner.train(start, objective, options);
      let lossAtStart = 0;
      for (const { name, offset, size } of all.tensors) {
        const kind = kinds(name);
        for (let i = offset; i < offset + size; i++) {
          if (kind === 'optimized') lossAtStart += (start[i] - target[i]) ** 2 / 2;
          if (kind === 'averaged') values[i] = 0.25 * (Math.abs(target[i]) - start[i]);
          if (kind === 'largest') values[i] = rest.steps * examples;
          // Whoever trains everything trains what is frozen too.
        }
      }
      return { ...rest, values, lossAtStart };
    },
    async gradient(at) {
      const gradient = await inner.gradient(at);
      for (const { name, offset, size } of all.tensors) {
        if (kinds(name) !== 'optimized') gradient.fill(0, offset, offset + size);
      }
      return gradient;
    },
  };
}

interface Run {
  readonly params: Float32Array;
  readonly reports: readonly Update[];
  readonly broadcast: PlainData;
  readonly states: readonly (PlainData | undefined)[];
}

async function federate(algorithm: Any, params: Float32Array, trainers: readonly Trainer[], rounds = 3): Promise<Run> {
  let state = algorithm.init(params);
  let states: (PlainData | undefined)[] = trainers.map(() => undefined);
  let reports: Update[] = [];
  const rule = algorithm.aggregator(params.length);
  for (let round = 1; round <= rounds; round++) {
    const broadcast = algorithm.broadcast(state);
    const sum = rule.create();
    reports = [];
    const next: PlainData[] = [];
    for (const [i, trainer] of trainers.entries()) {
      const held = states[i];
      const report = await algorithm.clientRound({
        broadcast,
        ...(held !== undefined && { state: held }),
        trainer,
        options: { ...local, rng: seededRng(`${round} ${i}`) },
      });
      const { contribution } = report;
      rule.accumulate(sum, { ...contribution, client: `${i}` });
      reports.push(contribution.values);
      const settled = algorithm.settle?.({
        broadcast,
        ...(held !== undefined && { state: held }),
        counted: contribution.values,
        reported: report.state,
      });
      next.push(settled ?? report.state);
    }
    const count = trainers.length;
    state = algorithm.serverStep(state, rule.finalize(sum), { round, cohort: count, population: count });
    states = next;
  }
  return { params: algorithm.params(state), reports, broadcast: algorithm.broadcast(state), states };
}

const optimized = layout.select(({ role }) => role === undefined || role === 'optimized');
const kindOf = (name: string): TensorRole => layout.tensor(name).role ?? 'optimized';
const targets = Array.from({ length: CLIENTS }, (_, i) => draw(`target ${i}`, layout.size));
const trainers = targets.map((target, i) => roledTrainer(layout, target, 10 * (i + 1), kindOf));
const initial = draw('initial', layout.size).map(Math.abs);
const bare = (): Trainer[] => targets.map((target, i) => quadraticTrainer(optimized.gather(target), 10 * (i + 1)));

describe.each(algorithms)('withRoles around %s', (name, make) => {
  const roled = (): Any => {
    const inner = withRoles(make() as Any, layout);
    return (name === 'metrics' ? withMetrics(inner as never) : inner) as Any;
  };

  it('gives the optimized tensors the bits that the algorithm gives them alone', async () => {
    const alone = await federate(make() as Any, optimized.gather(initial), bare());
    const { params } = await federate(roled(), initial, trainers);
    expect(optimized.gather(params)).toEqual(alone.params);
  });

  it('averages what is averaged, pools variances, counts by the largest, keeps the rest', async () => {
    const before = (await federate(roled(), initial, trainers, 2)).params;
    const { params, states, broadcast } = await federate(roled(), initial, trainers);
    const view = (values: Float32Array, tensor: string) => layout.view(values, tensor);
    const weights = targets.map((_, i) => 10 * (i + 1));
    const total = weights.reduce((a, b) => a + b);
    for (let c = 0; c < 3; c++) {
      const meanOf = (of: (i: number) => number) => weights.reduce((sum, w, i) => sum + w * of(i), 0) / total;
      const ends = (tensor: string, i: number) => {
        const start = view(before, tensor)[c];
        return start + 0.25 * (Math.abs(view(targets[i], tensor)[c]) - start);
      };
      const mean = meanOf((i) => ends('mean', i));
      expect(view(params, 'mean')[c]).toBeCloseTo(mean, 5);
      const second = meanOf((i) => ends('variance', i) + ends('mean', i) ** 2);
      expect(view(params, 'variance')[c]).toBeCloseTo(second - mean * mean, 5);
    }
    expect(view(params, 'steps')[0]).toBeCloseTo(view(before, 'steps')[0] + 3 * 40, 3);
    for (const kept of ['embedding', 'own']) expect(view(params, kept)).toEqual(view(initial, kept));
    const models = states.map((state) => roled().personal?.(broadcast, state) as Float32Array);
    for (const [i, model] of models.entries()) {
      expect(view(model, 'own')).not.toEqual(view(initial, 'own'));
      expect(view(model, 'own')).not.toEqual(view(models[(i + 1) % CLIENTS], 'own'));
      expect(view(model, 'embedding')).toEqual(view(initial, 'embedding'));
    }
    expect(roled().personal?.(broadcast)).toEqual(params);
  });

  // Where a mirror stands is held around the algorithms themselves: it sees the optimized tensors alone here too.
  const laws = algorithmLaws({
    algorithm: roled(),
    params: initial,
    trainer: (client) => trainers[client],
    local: { ...local, learningRate: name === 'mimeLite on adam' ? 0.01 : 0.1 },
  });
  checkLaws(
    it,
    laws.filter((law) => law.name !== 'an algorithm with a mirror says where it stands'),
  );
});

describe('withRoles', () => {
  const norm = Layout.of([
    { name: 'w', shape: [1] },
    { name: 'mean', shape: [1], role: 'averaged' },
    { name: 'variance', shape: [1], role: 'averaged', varianceOf: 'mean' },
  ]);
  const ending = (values: readonly number[], examples = 1): Trainer => ({
    train: async (start) => ({ values: Float32Array.from(values, (value, i) => value - start[i]), steps: 1, examples }),
    gradient: async (at) => at,
  });
  const info = { round: 1, cohort: 2, population: 2 };

  it('pools variances: means of ±2 and variances of 1 are a variance of 5', async () => {
    const algorithm = withRoles(fedAvg(), norm) as unknown as Any;
    const { params } = await federate(algorithm, Float32Array.of(0, 0, 1), [ending([0, 2, 1]), ending([0, -2, 1])], 1);
    expect([...params]).toEqual([0, 0, 5]);
    // A common mean far from 0 takes none of its digits.
    const far = await federate(algorithm, Float32Array.of(0, 4096, 1), [ending([0, 4098, 1]), ending([0, 4094, 1])], 1);
    expect([...far.params]).toEqual([0, 4096, 5]);
  });

  it('holds variances at 0 or more, whatever a channel made of them', async () => {
    const algorithm = withRoles(fedAvg(), norm);
    const state = algorithm.init(Float32Array.of(0, 0, 1));
    const aggregate = { update: new Float32Array(1), statistics: Float32Array.of(3, -4) };
    expect([...algorithm.params(algorithm.serverStep(state, aggregate, info))]).toEqual([0, 3, 0]);
    // A lossy downlink too.
    const broadcast = { params: Float32Array.of(0), others: Float32Array.of(0, -0.5) };
    expect([...algorithm.personal(broadcast)]).toEqual([0, 0, 0]);
    let seen = new Float32Array();
    const trainer: Trainer = {
      ...ending([0, 0, 0]),
      async train(start) {
        seen = start.slice();
        return { values: new Float32Array(3), steps: 1, examples: 1 };
      },
    };
    await algorithm.clientRound({ broadcast, trainer, options: { ...local, rng: seededRng(1) } });
    expect([...seen]).toEqual([0, 0, 0]);
    expect(() => algorithm.init(Float32Array.of(0, 0, -1))).toThrow(/variances ≥ 0/);
  });

  it('keeps its word for any assignment of roles', async () => {
    const roles: TensorRole[] = ['optimized', 'averaged', 'largest', 'local', 'frozen'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.integer({ min: 1, max: 4 }), role: fc.constantFrom(...roles) }), {
          maxLength: 6,
        }),
        fc.constantFrom<() => unknown>(
          () => fedAdam({ learningRate: 0.1 }),
          () => scaffold(),
          () => fedNova(),
        ),
        async (tensors, make) => {
          const any = Layout.of([
            { name: 'first', shape: [2] },
            ...tensors.map(({ size, role }, i) => ({ name: `${i}`, shape: [size], role })),
          ]);
          const part = any.select(({ role = 'optimized' }) => role === 'optimized');
          const start = draw('start', any.size);
          const ends = [0, 1, 2].map((i) => draw(`end ${i}`, any.size));
          const kinds = (name: string) => any.tensor(name).role ?? 'optimized';
          const { params } = await federate(
            withRoles(make() as Any, any) as Any,
            start,
            ends.map((end, i) => roledTrainer(any, end, i + 1, kinds)),
          );
          const alone = await federate(
            make() as Any,
            part.gather(start),
            ends.map((end, i) => quadraticTrainer(part.gather(end), i + 1)),
          );
          expect(part.gather(params)).toEqual(alone.params);
          for (const { name, role } of any.tensors) {
            if (role === 'local' || role === 'frozen') expect(any.view(params, name)).toEqual(any.view(start, name));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('takes fedRep around a selection of the optimized tensors, each with its own head and statistics', async () => {
    const all = Layout.of([
      { name: 'body', shape: [3] },
      { name: 'mean', shape: [2], role: 'averaged' },
      { name: 'head', shape: [2] },
    ]);
    const part = Layout.of([all.tensor('body'), all.tensor('head')].map(({ name, shape }) => ({ name, shape })));
    const head = part.select(({ name }) => name === 'head');
    const start = draw('start', all.size);
    const own = all.select(({ role }) => role !== 'averaged');
    const algorithm = withRoles(fedRep({ head, initial: own.gather(start), headEpochs: 1 }), all) as unknown as Any;
    const kinds = (name: string) => all.tensor(name).role ?? 'optimized';
    const ends = [0, 1].map((i) => draw(`end ${i}`, all.size));
    const found = await federate(
      algorithm,
      start,
      ends.map((end) => roledTrainer(all, end, 5, kinds)),
    );
    const alone = await federate(
      fedRep({ head, initial: own.gather(start), headEpochs: 1 }) as unknown as Any,
      own.gather(start),
      ends.map((end) => quadraticTrainer(own.gather(end), 5)),
    );
    expect(own.gather(found.params)).toEqual(alone.params);
    expect(all.view(found.params, 'mean')).not.toEqual(all.view(start, 'mean'));
  });

  it('is in both halves: terms name the roles, and a device needs no rule', async () => {
    const pipeline = plainUpdates({ algorithm: withRoles(fedAvg(), norm), layout: norm });
    expect(pipeline.terms.find(([name]) => name === 'layout: tensor variance')?.[1]).toBe(
      '[1] from value 2 on, averaged, of mean',
    );
    const other = norm.withRoles(({ name }) => (name === 'w' ? undefined : 'local'));
    expect(plainUpdates({ algorithm: withRoles(fedAvg(), other), layout: other }).digest).not.toEqual(pipeline.digest);
    const device = plainUpdatesClient({ algorithm: withRolesClient(fedAvgClient(), norm), layout: norm });
    expect(device.digest).toEqual(pipeline.digest);
  });

  it('keeps what clients keep as plain data', async () => {
    const algorithm = withRoles(scaffold(), layout) as unknown as Any;
    const { states } = await federate(algorithm, initial, trainers);
    const owner = { kind: 'client', model: 'model' };
    for (const state of states) {
      expect(decodeState(encodeState(state as PlainData, owner), owner)).toEqual(state);
    }
  });

  it('refuses by name what cannot be', () => {
    expect(() => plainUpdates({ algorithm: fedAvg(), layout: norm })).toThrow(
      /plainUpdates: algorithm: expected withRoles\(algorithm, layout\), since mean is averaged/,
    );
    expect(() => plainUpdates({ algorithm: withRoles(fedAvg(), norm), layout })).toThrow(/the layout that withRoles/);
    expect(() => plainUpdates({ algorithm: withRoles(fedAvg(), norm), size: 3 })).toThrow(/the layout that withRoles/);
    expect(() => withRoles(undefined as never, norm)).toThrow(/an algorithm such as fedAvg/);
    expect(() =>
      withRoles(fedBuff() as never, norm, { statistics: (size: number) => krum(size, { byzantine: 0 }) }),
    ).toThrow(/fedBuff has a mean of its own/);
    expect(() => withRoles(withMetrics(fedAvg()), norm)).toThrow(/metrics outside/);
    expect(() => withRoles(fedAvg(), Layout.of([{ name: 'a', shape: [1], role: 'frozen' }]))).toThrow(
      /optimized value/,
    );
    expect(() => Layout.of([{ name: 'a', shape: [1], role: 'averged' as never }])).toThrow(/role of a/);
    const lone = Layout.of([
      { name: 'w', shape: [1] },
      { name: 'v', shape: [1], role: 'averaged', varianceOf: 'm' },
    ]);
    expect(() => withRoles(fedAvg(), lone)).toThrow(/varianceOf of v/);
    const counting = norm.withRoles(({ name }) => (name === 'w' ? undefined : 'largest'));
    const option = { clip: 1, noiseStd: 1, weighting: { kind: 'uniform' }, expectedContributors: 1 } as const;
    expect(() =>
      centralDp({
        ...option,
        algorithm: withRoles(fedAvg(), counting),
        layout: counting,
        mechanism: (() => undefined) as never,
      }),
    ).toThrow(/linear/);
  });

  it('takes a robust rule for statistics', () => {
    const algorithm = withRoles(fedAvg(), norm, { statistics: coordinateMedian });
    const rule = algorithm.aggregator(3);
    const sum = rule.create();
    for (const [i, value] of [1, 2, 1e4].entries()) {
      const values = { update: Float32Array.of(0), statistics: Float32Array.of(value, 1) };
      rule.accumulate(sum, { values: values as never, client: `${i}` });
    }
    expect(rule.finalize(sum)).toMatchObject({ statistics: Float32Array.of(2, 1) });
  });
});
