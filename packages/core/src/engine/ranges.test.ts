import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ask, join, type TestOptions, testServer } from '../../test/round/federation.ts';
import type { Aggregator } from '../aggregate/contract.ts';
import { coordinateMedian } from '../aggregate/robust/coordinate-median.ts';
import { bulyan } from '../aggregate/robust/bulyan.ts';
import { DISTANCE_BLOCK } from '../aggregate/robust/distances.ts';
import { geometricMedian } from '../aggregate/robust/geometric-median.ts';
import { krum } from '../aggregate/robust/krum.ts';
import { meanAroundMedian } from '../aggregate/robust/mean-around-median.ts';
import { multiKrum } from '../aggregate/robust/multi-krum.ts';
import { trimmedMean } from '../aggregate/robust/trimmed-mean.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import { seededRng, secureRng } from '../random.ts';
import { memoryStore } from '../store/memory-store.ts';
import { foldTasks, inlineTasks, storeBlobs, type TaskEngine } from './index.ts';
import { rangesOf } from './ranges.ts';
import { halfOn, type RoundEngine } from './round-engine.ts';

const RULES = {
  coordinateMedian,
  trimmedMean: (size: number) => trimmedMean(size, { trim: 0.3 }),
  meanAroundMedian: (size: number) => meanAroundMedian(size, { byzantine: 1 }),
  krum: (size: number) => krum(size, { byzantine: 1 }),
  multiKrum: (size: number) => multiKrum(size, { byzantine: 1, keep: 2 }),
  bulyan: (size: number) => bulyan(size, { byzantine: 1 }),
};
/** Updates that a rule needs beside two that may be wrong. */
const LEAST = { coordinateMedian: 3, trimmedMean: 3, meanAroundMedian: 3, krum: 5, multiKrum: 5, bulyan: 7 };
const pipelineOf = (rule: keyof typeof RULES, size: number, minimumContributors = 1) =>
  plainUpdates({ algorithm: fedAvg({ aggregate: RULES[rule] as never }), size, minimumContributors });
const FACTS = { round: 3, scheme: { kind: 'none' }, population: 9 } as const;

/** What a round comes to: folded where reports arrive, or by an engine. */
async function closed(
  pipeline: ReturnType<typeof pipelineOf>,
  reports: readonly (readonly [string, Uint8Array])[],
  parameters: Uint8Array,
  engine?: Pick<RoundEngine, 'shard' | 'range'>,
) {
  const store = memoryStore();
  const tasks = inlineTasks({ blobs: storeBlobs(store), handlers: foldTasks(pipeline) });
  const half = halfOn(engine && { tasks, ...engine }, pipeline.server());
  if (half.collects !== 'reports') throw new Error('a pipeline of reports');
  const collector = half.open({ round: 3, parameters });
  let refused = 0;
  for (const [client, bytes] of reports) {
    try {
      collector.accept(client, (await collector.keep?.(client, bytes)) ?? bytes);
    } catch {
      refused++;
    }
  }
  const { aggregate, contributors, facts } = await collector.close(FACTS);
  await collector.forget?.();
  await (await half.leftovers?.())?.();
  for await (const key of store.keys('')) expect.fail(`${key} is left`);
  const update = new Uint32Array((aggregate as { update: Float32Array }).update.slice().buffer);
  return {
    update,
    contributors: [...contributors].sort(),
    quarantined: (facts.quarantined ?? 0) + refused,
    weight: facts.weight,
  };
}

describe('rules by ranges of coordinates', () => {
  it('come to the bytes of one process, whatever the ranges, the shards, and who sends NaN or nonsense', async () => {
    const shape = fc.record({
      rule: fc.constantFrom(...(Object.keys(RULES) as (keyof typeof RULES)[])),
      size: fc.integer({ min: 1, max: 40 }),
      more: fc.integer({ min: 0, max: 6 }),
      shard: fc.integer({ min: 1, max: 10 }),
      range: fc.option(fc.integer({ min: 1, max: 41 }), { nil: undefined }),
      seed: fc.integer(),
      wrong: fc.constantFrom('nobody', 'NaN', 'nonsense', 'both'),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ rule, size, more, shard, range, seed, wrong }) => {
        const pipeline = pipelineOf(rule, size);
        const rng = seededRng(`${seed}`);
        const modelDigest = new Uint8Array(32);
        const parameters = pipeline.server().announce({ round: 3, places: 9, modelDigest });
        const reports = Array.from({ length: LEAST[rule] + more + 2 }, (_, i) => {
          const client = `${rng.below(1000)}-${i}`;
          // Few values, so that there are ties.
          const update = Float32Array.from({ length: size }, () => rng.below(5) - 2);
          const half = pipeline.client();
          const task = { round: 3, modelDigest, parameters };
          const contribution = { values: { update }, weight: 1 + rng.below(9) };
          const { bytes } = half.encode(task, contribution, { rng: secureRng(), client });
          if (i === 0 && wrong !== 'nobody' && wrong !== 'nonsense')
            bytes.set([0, 0, 0xc0, 0x7f], bytes.length - 4 * (1 + rng.below(size)));
          return [client, i === 1 && (wrong === 'nonsense' || wrong === 'both') ? bytes.slice(3) : bytes] as const;
        });
        const there = await closed(pipeline, reports, parameters, { shard, ...(range && { range }) });
        expect(there).toEqual(await closed(pipeline, reports, parameters));
      }),
      { numRuns: 60 },
    );
  });

  it('are short of nothing: every coordinate once, ranges alike in length', () => {
    expect(rangesOf([7, 1], 3)).toEqual([
      { slot: 0, first: 0, length: 2 },
      { slot: 0, first: 2, length: 2 },
      { slot: 0, first: 4, length: 3 },
      { slot: 1, first: 0, length: 1 },
    ]);
  });

  it('serve a federation, whose tasks hold a range each, and refuse too few by name', async () => {
    const pipeline = pipelineOf('coordinateMedian', 3);
    const kinds: string[] = [];
    const inline = inlineTasks({ blobs: storeBlobs(memoryStore()), handlers: foldTasks(pipeline) });
    const tasks: TaskEngine = {
      ...inline,
      run: (job, options) => {
        kinds.push(...job.tasks.map(({ kind }) => kind));
        return inline.run(job, options);
      },
    };
    const model = async (engine?: RoundEngine) => {
      const server = await testServer({
        pipeline: pipeline as never,
        rounds: 1,
        ...(engine && { engine }),
      } as Partial<TestOptions>);
      for (const client of ['a', 'b', 'c']) await join(server, client);
      for (const client of ['a', 'b', 'c']) {
        const task = await join(server, client);
        if (!task) throw new Error('no task');
        const update = Float32Array.of(client.charCodeAt(0), 2, -client.charCodeAt(0));
        const { bytes } = pipeline.client().encode(task, { values: { update } }, { rng: secureRng(), client });
        await ask(server, client, { kind: 'report', ticket: task.ticket, bytes });
      }
      await server.tick();
      return server.params;
    };
    expect(await model({ tasks, shard: 2, range: 1 })).toEqual(await model());
    expect(kinds).toEqual(['cut', 'cut', 'range', 'range', 'range']);
    await expect(model({ tasks, range: 0 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });

    const strict = pipelineOf('meanAroundMedian', 3);
    const parameters = strict.server().announce({ round: 3, places: 9, modelDigest: new Uint8Array(32) });
    const task = { round: 3, modelDigest: new Uint8Array(32), parameters };
    const one = strict
      .client()
      .encode(task, { values: { update: new Float32Array(3) } }, { rng: secureRng(), client: 'a' });
    for (const engine of [undefined, {}]) {
      await expect(closed(strict, [['a', one.bytes]], parameters, engine)).rejects.toMatchObject({
        code: 'THRESHOLD_NOT_MET',
      });
    }
  });

  it('begin at multiples of a unit where they must', () => {
    expect(rangesOf([10, 3], 4, [4, 1])).toEqual([
      { slot: 0, first: 0, length: 4 },
      { slot: 0, first: 4, length: 4 },
      { slot: 0, first: 8, length: 2 },
      { slot: 1, first: 0, length: 3 },
    ]);
    expect(rangesOf([10], 1, [4]).map(({ first }) => first)).toEqual([0, 4, 8]);
    expect(rangesOf([10], 9, [4]).map(({ first }) => first)).toEqual([0, 4]);
  });

  it.each(['krum', 'multiKrum', 'bulyan'] as const)('choose by distances over several blocks: %s', async (rule) => {
    const size = DISTANCE_BLOCK + 77;
    const pipeline = pipelineOf(rule, size);
    const rng = seededRng(`blocks ${rule}`);
    const modelDigest = new Uint8Array(32);
    const parameters = pipeline.server().announce({ round: 3, places: 9, modelDigest });
    const far = Float32Array.from({ length: size }, () => 100 * rng.uniform());
    const reports = Array.from({ length: 8 }, (_, i) => {
      // Half of them near one another beside their length, so that their products cancel.
      const update = far.map((value) => (i < 4 ? value + rng.uniform() : rng.uniform()));
      const contribution = { values: { update }, weight: 1 };
      const task = { round: 3, modelDigest, parameters };
      const client = `${rng.below(1000)}-${i}`;
      const { bytes } = pipeline.client().encode(task, contribution, { rng: secureRng(), client });
      // A NaN among its last values, which no client of ours sends.
      if (i === 7) bytes.set([0, 0, 0xc0, 0x7f], bytes.length - 8);
      return [client, bytes] as const;
    });
    const one = await closed(pipeline, reports, parameters);
    expect(one.quarantined).toBe(1);
    for (const range of [1, 10 * DISTANCE_BLOCK])
      expect(await closed(pipeline, reports, parameters, { shard: 3, range })).toEqual(one);
  });

  it.each([{}, undefined])('refuse too few for a rule that chooses: %o', async (engine) => {
    const pipeline = pipelineOf('krum', 3);
    const parameters = pipeline.server().announce({ round: 3, places: 9, modelDigest: new Uint8Array(32) });
    const task = { round: 3, modelDigest: new Uint8Array(32), parameters };
    const update = new Float32Array([1, 2, Number.NaN]);
    const { bytes } = pipeline
      .client()
      .encode(task, { values: { update: new Float32Array(3) } }, { rng: secureRng(), client: 'a' });
    const absent = bytes.slice();
    absent.set(new Uint8Array(update.buffer), bytes.length - 12);
    for (const report of [bytes, absent])
      await expect(closed(pipeline, [['a', report]], parameters, engine)).rejects.toMatchObject({
        code: 'THRESHOLD_NOT_MET',
      });
  });

  it('are for rules that look at each coordinate alone, after they have chosen or not', () => {
    const rangesFor = (aggregate: (size: number) => Aggregator<unknown, Float32Array>) =>
      plainUpdates({ algorithm: fedAvg({ aggregate: aggregate as never }), size: 3 }).server().ranges;
    expect(rangesFor(coordinateMedian as never)?.sizes).toEqual([3]);
    expect(rangesFor(((size: number) => krum(size, { byzantine: 1 })) as never)?.choosing[0]).toBeDefined();
    expect(rangesFor(((size: number) => geometricMedian(size)) as never)).toBeUndefined();
    expect(plainUpdates({ algorithm: fedAvg(), size: 3 }).server().ranges).toBeUndefined();
  });
});
