/**
 * The laws of an {@link Algorithm}.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { Update } from '../aggregate/contract.ts';
import type { Algorithm, ClientReport } from '../algorithm/contract.ts';
import { serverSteps } from '../algorithm/server-steps.ts';
import type { LocalTraining, Trainer } from '../client/trainer.ts';
import { FedkitError } from '../errors.ts';
import type { PlainData } from '../plain-data.ts';
import { seededRng } from '../random.ts';
import { atOnce } from '../turns.ts';
import { copyOf, mapVectors, sameBits } from './bits.ts';
import { ensure, ensureRefused, ensureRejected, type Law } from './law.ts';
import { type MirrorPlace, mirrorLaws } from './mirror-laws.ts';
import { l2Norm } from '../kernels/vector.ts';
import { quadraticTrainer } from './quadratic-trainer.ts';

/** An algorithm, and a small federation for it. */
export interface AlgorithmSetup<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> {
  readonly algorithm: Algorithm<S, B, C, U, R>;
  /** The initial model; default 12 values. */
  readonly params?: Float32Array;
  /** The trainer of client 0 … 3; default {@link quadraticTrainer}, whose clients want different models. */
  trainer?(client: number): Trainer;
  /** How clients train; default 3 steps of 0.1 over all examples. */
  readonly local?: LocalTraining;
  /** Of an algorithm with `mirrors`: where c and the c_i stand. It is then held to them through channels that lose much. */
  readonly mirror?: MirrorPlace<S, C>;
  /** Rounds of a step; default 1. Of an algorithm whose model moves in the last round of a step alone. */
  readonly roundsOfStep?: number;
}

const CLIENTS = 4;
const ROUNDS = 3;
const abortion = new FedkitError('ABORTED', 'train: expected to finish, got an abort signal');

/** Pure functions around plain data: repeatable, resumable, indifferent to the order of clients. */
export function algorithmLaws<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(setup: AlgorithmSetup<S, B, C, U, R>): Law[] {
  checkOptions('algorithmLaws', setup, {
    algorithm: true,
    params: true,
    trainer: true,
    local: true,
    mirror: true,
    roundsOfStep: true,
  } satisfies OptionNames<typeof setup>);
  const { algorithm, local = { steps: 3, batchSize: 'all', learningRate: 0.1 } as LocalTraining } = setup;
  const rng = seededRng('algorithm');
  const params = setup.params ?? Float32Array.from({ length: 12 }, () => rng.uniform() - 0.5);
  const targets = Array.from({ length: CLIENTS }, () => params.map(() => rng.uniform() - 0.5));
  const trainers = targets.map((target, i) => setup.trainer?.(i) ?? quadraticTrainer(target, 10 * (i + 1)));
  const aggregator = algorithm.aggregator(params.length);

  const report = (round: number, client: number, broadcast: B, state: C | undefined): Promise<ClientReport<U, C>> =>
    algorithm.clientRound({
      broadcast,
      ...(state !== undefined && { state }),
      trainer: trainers[client],
      options: { ...local, rng: seededRng(`round ${round}, client ${client}`) },
    });

  const aggregate = (reports: readonly ClientReport<U, C>[], order: readonly number[]): R => {
    const accumulator = aggregator.create();
    for (const i of order) aggregator.accumulate(accumulator, { ...reports[i].contribution, client: `client ${i}` });
    return aggregator.finalize(accumulator);
  };

  /** Server and client states after every round, each round optionally on copies of them. */
  const run = async (
    through: <T>(data: T) => T = (data) => data,
  ): Promise<{ server: S; clients: (C | undefined)[] }[]> => {
    const history: { server: S; clients: (C | undefined)[] }[] = [];
    let server = algorithm.init(params);
    let clients: (C | undefined)[] = trainers.map(() => undefined);
    for (let round = 1; round <= ROUNDS; round++) {
      server = through(server);
      clients = clients.map((state) => through(state));
      const broadcast = through(algorithm.broadcast(server));
      const reports: ClientReport<U, C>[] = [];
      for (let i = 0; i < CLIENTS; i++) reports.push(await report(round, i, broadcast, clients[i]));
      const result = through(aggregate(reports, [0, 1, 2, 3]));
      server = algorithm.serverStep(server, result, { round, cohort: CLIENTS, population: CLIENTS });
      clients = reports.map(({ state }) => state);
      history.push({ server, clients });
    }
    return history;
  };

  const firstRound = async (): Promise<{ server: S; broadcast: B; reports: ClientReport<U, C>[]; result: R }> => {
    const server = algorithm.init(params);
    const broadcast = algorithm.broadcast(server);
    const reports: ClientReport<U, C>[] = [];
    for (let i = 0; i < CLIENTS; i++) reports.push(await report(1, i, broadcast, undefined));
    return { server, broadcast, reports, result: aggregate(reports, [0, 1, 2, 3]) };
  };
  const info = { round: 1, cohort: CLIENTS, population: CLIENTS };
  const steepness = async (trainer: Trainer, at: Float32Array) => l2Norm(await trainer.gradient(at));
  const mirrored: Law[] =
    algorithm.mirrors === undefined
      ? []
      : setup.mirror
        ? mirrorLaws(algorithm, setup.mirror)
        : [
            {
              name: 'an algorithm with a mirror says where it stands',
              run: () => ensure(false, '`mirror` in the setup'),
            },
          ];

  return [
    ...mirrored,
    {
      name: 'what all clients want is approached',
      async run() {
        let server = algorithm.init(params);
        let states: (C | undefined)[] = trainers.map(() => undefined);
        const before = await steepness(trainers[0], params);
        let least = before;
        for (let round = 1; round <= 60; round++) {
          const accumulator = aggregator.create();
          const reports = await Promise.all(
            states.map((state, i) =>
              algorithm.clientRound({
                broadcast: algorithm.broadcast(server),
                ...(state !== undefined && { state }),
                trainer: trainers[0],
                options: { ...local, rng: seededRng(`round ${round}, client ${i}`) },
              }),
            ),
          );
          reports.forEach(({ contribution }, i) =>
            aggregator.accumulate(accumulator, { ...contribution, client: `client ${i}` }),
          );
          server = algorithm.serverStep(server, aggregator.finalize(accumulator), { ...info, round });
          states = reports.map(({ state }) => state);
          least = Math.min(least, await steepness(trainers[0], algorithm.params(server)));
        }
        ensure(least <= 0.9 * before, `a gradient below ${0.9 * before} within 60 rounds, got ${least}`);
      },
    },
    {
      name: 'starts at the parameters it is given, and refuses non-finite ones',
      run() {
        const given = params.slice();
        const state = algorithm.init(given);
        given.fill(7);
        ensure(sameBits(algorithm.params(state), params), 'a copy of the initial parameters');
        const broken = params.slice();
        broken[params.length - 1] = Number.NaN;
        ensureRefused('parameters with NaN', ['OUT_OF_RANGE'], () => algorithm.init(broken));
      },
    },
    {
      name: 'the same seeds give the same bits',
      run: async () => ensure(sameBits(await run(), await run()), 'two runs to agree in every bit'),
    },
    {
      name: 'states and messages are plain data: copies of them go on alike',
      run: async () => ensure(sameBits(await run(copyOf), await run()), 'a run over copies to agree in every bit'),
    },
    {
      name: 'broadcast and clientRound change nothing they are given',
      async run() {
        const [{ server, clients }] = await run();
        const before = copyOf({ server, clients });
        const broadcast = algorithm.broadcast(server);
        const sent = copyOf(broadcast);
        for (let i = 0; i < CLIENTS; i++) await report(2, i, broadcast, clients[i]);
        ensure(sameBits(broadcast, sent), 'the broadcast as it was');
        ensure(sameBits({ server, clients }, before), 'server and client states as they were');
      },
    },
    {
      name: 'serverStep changes nothing it is given',
      async run() {
        const { server, result } = await firstRound();
        const before = copyOf({ server, result });
        algorithm.serverStep(server, result, info);
        ensure(sameBits({ server, result }, before), 'state and aggregate as they were');
      },
    },
    {
      name: 'steps ranges of coordinates as it steps the whole, where it says that it is coordinate-wise',
      async run() {
        if (!algorithm.coordinateWise) return;
        const { server, result } = await firstRound();
        const whole = algorithm.serverStep(server, result, info);
        for (const stretch of [1, 5, params.length - 1]) {
          const stepped = atOnce(serverSteps(algorithm, server, result, info, stretch));
          ensure(sameBits(stepped, whole), `the bits of the whole by ranges of ${stretch}`);
        }
      },
    },
    {
      name: 'the order in which clients report changes no bit',
      async run() {
        const { reports, result } = await firstRound();
        for (const order of [
          [3, 2, 1, 0],
          [1, 3, 0, 2],
        ]) {
          ensure(sameBits(aggregate(reports, order), result), `one aggregate, in the order ${order.join()} too`);
        }
      },
    },
    {
      name: 'rounds change the model, and keep its size',
      async run() {
        for (const [i, { server }] of (await run()).entries()) {
          const now = algorithm.params(server);
          ensure(now.length === params.length && now.every(Number.isFinite), 'a finite model of the same size');
          if (i + 1 >= (setup.roundsOfStep ?? 1)) ensure(!sameBits(now, params), 'a model that was trained');
        }
      },
    },
    {
      name: 'aggregates of another size and non-finite ones are refused, and the state holds',
      async run() {
        const { server, result } = await firstRound();
        const before = copyOf(server);
        // Scalars keep their size: only vectors as long as a model's part are stretched.
        const longer = mapVectors(result, (vector) =>
          vector.length === 1 ? vector : new Float32Array(vector.length + 1),
        );
        const broken = mapVectors(result, (vector) => new Float32Array(vector.length).fill(Number.NaN));
        ensureRefused('an aggregate of another size', ['SHAPE_MISMATCH'], () =>
          algorithm.serverStep(server, longer, info),
        );
        ensureRefused('an aggregate of NaN', ['OUT_OF_RANGE'], () => algorithm.serverStep(server, broken, info));
        ensure(sameBits(server, before), 'the state as it was');
      },
    },
    {
      name: 'what a trainer throws comes through, and leaves the states as they were',
      async run() {
        const server = algorithm.init(params);
        const broadcast = algorithm.broadcast(server);
        const sent = copyOf(broadcast);
        const controller = new AbortController();
        const failing: Trainer = {
          train(start, objective, options) {
            controller.abort();
            return options.signal?.aborted === true
              ? Promise.reject(abortion)
              : trainers[0].train(start, objective, options);
          },
          gradient: (at) => trainers[0].gradient(at),
          batches(options) {
            controller.abort();
            return trainers[0].batches?.(options) ?? { examples: 1, each: [] };
          },
        };
        await ensureRejected('an aborted round', ['ABORTED'], () =>
          algorithm.clientRound({
            broadcast,
            trainer: failing,
            options: { ...local, rng: seededRng(0), signal: controller.signal },
          }),
        );
        ensure(sameBits(broadcast, sent), 'the broadcast as it was');
      },
    },
  ];
}
