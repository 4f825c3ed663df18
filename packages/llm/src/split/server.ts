/**
 * The server's half, trained with every device's.
 *
 * @module
 */
import { type ClientId, secureRng, type Store, weightedMean } from '@fedkit/core';
import type { RequestHandler } from '@fedkit/core/protocol';
import {
  checkOptions,
  type OptionNames,
  ByteWriter,
  checkFinite,
  checkInteger,
  checkPositive,
  checkVector,
  refuse,
  SerialQueue,
} from '@fedkit/core/internal';
import type { LocalOptimizer } from '../train/optimizer.ts';
import type { ModelHalf } from './cut.ts';
import { decodeRequest, encodeAnswer, encodeRefusal, HEADER, type SplitRequest } from './messages.ts';
import { ServerRun } from './run.ts';
import { taskOf } from './task.ts';
import type { SplitCodecs } from './values.ts';

/** How a server trains its half. */
export interface SplitServerOptions extends SplitCodecs {
  /** Its moments start anew with every device's run; its `maxNorm` bounds this half's gradient alone. */
  readonly optimizer: LocalOptimizer;
  /** η > 0. */
  readonly learningRate: number;
  /** ρ of SGD in [0, 1); default 0. */
  readonly momentum?: number;
  /** Tokens of a window, as all devices have them. */
  readonly length: number;
  /** Windows of a step at most. */
  readonly batch: number;
  /** Devices that may be on their way at once; default 64. Each holds a copy of the half and its moments. */
  readonly devices?: number;
  /** Where a device's run is kept after every step, so that it survives this process. Default: nowhere. */
  readonly store?: Store;
}

/** A server's half of a split model, as the hand that a transport gives requests to. */
export interface SplitServer extends RequestHandler {
  /** The half as the next run starts from it, shape [d]. */
  params(): Float32Array;
  /** Devices whose runs have ended and wait for {@link endRound}. */
  readonly ended: readonly ClientId[];
  /**
   * Ends a round: the half becomes the mean of the ended runs' halves, each weighing its device's targets, and all runs are
   * dropped. With no ended run it stays.
   *
   * @param clients - Whose runs count, such as those whose own halves were counted; default: all that have ended.
   * @returns How many counted.
   */
  endRound(clients?: readonly ClientId[]): Promise<number>;
}

/**
 * Every device's run trains a copy of the half from the round's start (SplitFedV1: Thapa et al., AAAI 2022, algorithm 1,
 * https://arxiv.org/abs/2004.12088). Requests of a device may be lost and repeated: what was answered is answered again. A
 * device that vanishes in mid-batch leaves no trace of the batch, and its copy does not count unless its run ends.
 *
 * @param params - Where the half starts, shape [d].
 * @throws FedkitError `INVALID_ARGUMENT` for a device's half or AdamW with `moments: 'kept'`; `SHAPE_MISMATCH`, `OUT_OF_RANGE` for
 * parameters and options out of range.
 */
export function splitServer(half: ModelHalf, params: Float32Array, options: SplitServerOptions): SplitServer {
  checkOptions('splitServer', options, {
    optimizer: true,
    learningRate: true,
    momentum: true,
    length: true,
    batch: true,
    devices: true,
    store: true,
    states: true,
    gradients: true,
  } satisfies OptionNames<typeof options>);
  if (half.side !== 'server') refuse('INVALID_ARGUMENT', 'splitServer', "a server's half", half.side);
  const { optimizer, store } = options;
  if (optimizer.kind === 'adamW' && optimizer.moments === 'kept') {
    refuse('INVALID_ARGUMENT', 'splitServer: optimizer', "moments: 'fresh'", 'kept');
  }
  checkPositive('splitServer: learningRate', options.learningRate);
  const length = checkInteger('splitServer: length', options.length, 1, half.model.context);
  const batch = checkInteger('splitServer: batch', options.batch, 1);
  const most = checkInteger('splitServer: devices', options.devices ?? 64, 1);
  let current: Float32Array = checkFinite(
    'splitServer: params',
    checkVector('splitServer: params', params, half.layout.size),
  ).slice();
  const task = taskOf(half, length, options);
  const runs = new Map<ClientId, ServerRun>();
  const queue = new SerialQueue();
  const keyOf = (client: ClientId) => `split/run/${client}`;
  const setting = { half, options, length, batch, rng: secureRng() };

  /** A client's run: in memory, or as it was stored. */
  const find = async (client: ClientId): Promise<ServerRun | undefined> => {
    const held = runs.get(client);
    if (held) return held;
    const bytes = await store?.get(keyOf(client));
    const stored = bytes && ServerRun.restore(setting, task, bytes);
    if (stored) runs.set(client, stored);
    return stored;
  };

  const answer = async (client: ClientId, request: SplitRequest): Promise<Uint8Array> => {
    let run = await find(client);
    if (request.kind === 'begin') {
      if (request.task.some((byte, i) => byte !== task[i])) {
        const expected = 'the same model, cut, adapter, window length and codecs';
        refuse('SHAPE_MISMATCH', 'splitServer: task', expected, 'another');
      }
      if (!run?.is(request.run)) {
        if (!run && runs.size >= most) refuse('UNAVAILABLE', 'splitServer: devices', `at most ${most}`, runs.size + 1);
        run = new ServerRun(setting, request.run, current);
        runs.set(client, run);
      }
      return new ByteWriter().uint32(run.steps).finish();
    }
    if (!run?.is(request.run)) refuse('PROTOCOL_STATE', 'splitServer', 'a run that has begun', 'another');
    const [before, body] = [run.steps, run.answer(request)];
    if (store && (run.steps !== before || request.kind === 'end')) await store.put(keyOf(client), run.encode(task));
    return body;
  };

  return {
    maximumRequestLength: HEADER + batch * (half.model.context * (4 * half.model.shape.width + 4)),
    params: () => current.slice(),
    get ended() {
      return [...runs].filter(([, run]) => run.examples !== undefined).map(([client]) => client);
    },
    handle: (client, bytes) =>
      queue.run(async () => {
        try {
          return encodeAnswer(await answer(client, decodeRequest(bytes)));
        } catch (error) {
          return encodeRefusal(error);
        }
      }),
    endRound: (clients) =>
      queue.run(async () => {
        const counted = [...runs].filter(([client, run]) => {
          return run.examples !== undefined && (clients === undefined || clients.includes(client));
        });
        // A half of frozen blocks alone has nothing to average.
        if (counted.length > 0 && current.length > 0) {
          const aggregator = weightedMean(current.length);
          const accumulator = aggregator.create();
          for (const [, run] of counted) {
            aggregator.accumulate(accumulator, { values: run.params(), weight: run.examples as number });
          }
          current = aggregator.finalize(accumulator);
        }
        for (const client of runs.keys()) await store?.delete(keyOf(client));
        runs.clear();
        return counted.length;
      }),
  };
}
