import { describe, expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import type { Examples } from '../client/examples.ts';
import { mlp } from '../client/mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import type { Trainer } from '../client/trainer.ts';
import { Layout } from '../model/layout.ts';
import { seededRng } from '../random.ts';
import { poissonSelection } from '../select/poisson.ts';
import { turn } from '../turn.ts';
import { type ClientEngine, inlineEngine } from './engine.ts';
import { iidPartition } from './partition.ts';
import { signFlip } from './attacks.ts';
import { simulate } from './simulate.ts';

const model = mlp({ layers: [2, 6, 2] });
const initial = model.init(seededRng(1));
const data = clouds(200);
const clients = iidPartition(200, { clients: 10 }, seededRng(2)).map((rows) => plainTrainer(model, { ...data, rows }));
const base = {
  algorithm: fedAvg(),
  clients,
  initial,
  cohort: 4,
  rounds: 3,
  seed: 7,
  local: { epochs: 1, batchSize: 5, learningRate: 0.2 },
};

function clouds(count: number): Examples {
  const rng = seededRng('clouds');
  const labels = Uint8Array.from({ length: count }, () => rng.below(2));
  const inputs = Float32Array.from(
    { length: 2 * count },
    (_, i) => (labels[i >> 1] === 1 ? 1 : -1) + rng.uniform() - 0.5,
  );
  return { inputs, labels };
}

/** `clients` with one replaced. */
const withClient = (place: number, trainer: Partial<Trainer>): Trainer[] =>
  clients.map((own, i) => (i === place ? { ...own, ...trainer } : own));

describe('simulate', () => {
  it('learns, and gives the same bytes for the same seed', async () => {
    const evaluate = (params: Float32Array) => model.evaluate(params, data);
    const first = await simulate({ ...base, evaluate });
    const second = await simulate({ ...base, evaluate });
    expect(new Uint8Array(first.params.buffer)).toEqual(new Uint8Array(second.params.buffer));
    expect(first.rounds).toEqual(second.rounds);
    expect(first.rounds.at(-1)?.evaluation?.accuracy).toBe(1);
    const other = await simulate({ ...base, seed: 8 });
    expect(other.params).not.toEqual(first.params);
  });

  it('does what the parts do: one round by hand', async () => {
    const { algorithm } = base;
    const state = algorithm.init(initial);
    const aggregator = algorithm.aggregator(initial.length);
    const sum = aggregator.create();
    const { params, rounds } = await simulate({ ...base, rounds: 1 });
    for (const id of rounds[0].cohort.clients) {
      const rng = seededRng(7).fork('client', id, 'round', 1);
      const options = { ...base.local, rng };
      const trainer = clients[Number(id)];
      const report = await algorithm.clientRound({ broadcast: algorithm.broadcast(state), trainer, options });
      aggregator.accumulate(sum, report.contribution);
    }
    const next = algorithm.serverStep(state, aggregator.finalize(sum), { round: 1, cohort: 4, population: 10 });
    expect(params).toEqual(algorithm.params(next));
  });

  it.each(['started', 'reported', 'finished'] as const)(
    'waits for whoever is told what has %s, and ends with what that rejects with',
    async (kind) => {
      const told: string[] = [];
      const listening = simulate({
        ...base,
        byzantine: { clients: ['0', '1', '2', '3', '4'], attack: signFlip() },
        onProgress: async (event) => {
          await turn();
          told.push(event.kind);
          if (event.kind === kind) throw new Error('enough');
        },
      });
      await expect(listening).rejects.toThrow('enough');
      expect(told.filter((each) => each === kind).length).toBe(1);
      expect(told.at(-1)).toBe(kind);
    },
  );

  it('waits for the answer whether a round was the last', async () => {
    const asked: number[] = [];
    const until = async (_evaluation: number, round: number) => asked.push(round) === 2;
    const { rounds } = await simulate({ ...base, rounds: 5, evaluate: (_, round) => round, until });
    expect([asked, rounds.length]).toEqual([[1, 2], 2]);
  });

  it('tells its progress in order', async () => {
    const events: string[] = [];
    const { rounds } = await simulate({
      ...base,
      rounds: 2,
      evaluate: (_, round) => round * 10,
      onProgress: (event) =>
        events.push(
          event.kind === 'started'
            ? `started ${event.round}/${event.rounds} ${event.cohort.clients.join()}`
            : event.kind === 'reported'
              ? `reported ${event.client} ${event.done}/${event.of} ${event.report.local.steps}`
              : `finished ${event.round} ${event.evaluation}`,
        ),
    });
    const expected = rounds.flatMap(({ round, cohort }) => [
      `started ${round}/2 ${cohort.clients.join()}`,
      ...cohort.clients.map((client, i) => `reported ${client} ${i + 1}/4 4`),
      `finished ${round} ${round * 10}`,
    ]);
    expect(events).toEqual(expected);
    expect(rounds.map(({ cohort }) => cohort.scheme)).toEqual(
      Array(2).fill({ kind: 'fixed', population: 10, cohort: 4 }),
    );
  });

  it('ends early when told to', async () => {
    const { rounds } = await simulate({
      ...base,
      rounds: 50,
      evaluate: (_, round) => round,
      until: (round) => round === 2,
    });
    expect(rounds.length).toBe(2);
  });

  it('folds in the order of the cohort, whoever is done first', async () => {
    const inline = inlineEngine({
      algorithm: base.algorithm,
      clients: base.clients,
      local: base.local,
      seed: base.seed,
    });
    let running = 0;
    let most = 0;
    const engine: ClientEngine<{ params: Float32Array }, Record<string, never>, { update: Float32Array }> = {
      ...inline,
      concurrency: 3,
      async run(task, signal) {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20 - 2 * Number(task.client)));
        const report = await inline.run(task, signal);
        running--;
        return report;
      },
    };
    const seen: string[] = [];
    const { params, rounds } = await simulate({
      algorithm: base.algorithm,
      engine,
      initial,
      cohort: 4,
      rounds: 2,
      seed: 7,
      onProgress: (event) => event.kind === 'reported' && seen.push(event.client),
    });
    expect(most).toBe(3);
    expect(seen).toEqual(rounds.flatMap(({ cohort }) => cohort.clients));
    expect(params).toEqual((await simulate({ ...base, rounds: 2 })).params);
  });

  it('names clients of a map, and knows them by that name', async () => {
    const named = new Map(clients.map((trainer, i) => [`device-${i}`, trainer]));
    const { rounds } = await simulate({ ...base, clients: named, rounds: 1 });
    expect(rounds[0].cohort.clients[0]).toMatch(/^device-\d$/);
  });
});

describe('simulate refuses', () => {
  const failing = (options: Partial<typeof base> & object) => simulate({ ...base, ...options });

  it('an update with NaN, by client and round', async () => {
    const nan: Partial<Trainer> = {
      train: async (start) => ({ values: start.map(() => Number.NaN), steps: 1, examples: 20 }),
    };
    const error = await failing({ clients: withClient(3, nan), cohort: 10 }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'OUT_OF_RANGE', details: { round: 1, client: '3' } });
    expect((error as Error).message).toBe(
      'simulate: round 1, client "3": fedAvg.clientRound: update[0]: expected a finite number, got NaN',
    );
  });

  it('a loss that is not finite, by client and round', async () => {
    const inputs = data.inputs.map((value) => value * 1e38);
    const wild = plainTrainer(model, { ...data, inputs });
    const running = failing({ clients: withClient(5, wild), cohort: 10 });
    await expect(running).rejects.toThrow(
      /^simulate: round 1, client "5": train: loss at local step \d: expected a finite/,
    );
  });

  it.each([-1, 0, Number.NaN])('a client that says it has %d examples', async (examples) => {
    const train: Trainer['train'] = async (start) => ({ values: new Float32Array(start.length), steps: 1, examples });
    const running = failing({ clients: withClient(2, { train }), cohort: 10 });
    await expect(running).rejects.toMatchObject({ code: 'OUT_OF_RANGE', details: { round: 1, client: '2' } });
  });

  it('an empty or too small federation', async () => {
    await expect(failing({ clients: [] })).rejects.toMatchObject({ code: 'THRESHOLD_NOT_MET' });
    await expect(failing({ cohort: 11 })).rejects.toThrow(
      'simulate: round 1: uniformSelection.select: expected at least 11 available clients, got 10',
    );
    await expect(failing({ cohort: 0 })).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
  });

  it('nothing of an empty cohort: the round changes nothing', async () => {
    const cohort = poissonSelection({ probability: 1e-9 });
    const { params, rounds } = await simulate({ ...base, cohort });
    expect(params).toEqual(base.initial);
    expect(rounds.map(({ reported }) => reported.length)).toEqual(rounds.map(() => 0));
  });

  it('layouts that differ between clients, or between clients and server', async () => {
    const other = mlp({ layers: [2, 5, 2] });
    const odd = plainTrainer(other, data);
    await expect(failing({ clients: withClient(4, odd) })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    await expect(failing({ clients: withClient(4, odd) })).rejects.toThrow(
      /^simulate: client "4": layout: expected the layout of client "0", 32 parameters/,
    );
    await expect(failing({ initial: other.init(seededRng(1)) })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    const layout = Layout.of([{ name: 'same.size', shape: [model.layout.size] }]);
    await expect(simulate({ ...base, layout })).rejects.toThrow(/the clients' layout: expected the server's layout/);
  });

  it('to go on once aborted, mid-round, without a trace', async () => {
    const before = initial.slice();
    const controller = new AbortController();
    const finished: number[] = [];
    const running = simulate({
      ...base,
      signal: controller.signal,
      onProgress: (event) => {
        if (event.kind === 'finished') finished.push(event.round);
        if (event.kind === 'reported' && event.round === 2 && event.done === 2) controller.abort(new Error('enough'));
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(running).rejects.toThrow('simulate: round 2');
    expect(finished).toEqual([1]);
    expect(initial).toEqual(before);
  });

  it('nothing of errors that are not its own: they pass as they are', async () => {
    const bug = new TypeError('a bug in the application');
    const train = async () => Promise.reject(bug);
    await expect(failing({ clients: withClient(0, { train }), cohort: 10 })).rejects.toBe(bug);
  });
});
