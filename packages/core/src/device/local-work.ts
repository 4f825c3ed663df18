/**
 * From a broadcast to what a client sends and would remember.
 *
 * @module
 */
import type { Update } from '../aggregate/contract.ts';
import { refuse } from '../check.ts';
import { checkTrainOptions } from '../client/train-options.ts';
import type { LocalResult } from '../client/trainer.ts';
import { decodeState, encodeState, type StateOwner } from '../model/state-file.ts';
import type { ClientHalf } from '../pipeline/contract.ts';
import { keepsNothing, type PlainData } from '../plain-data.ts';
import type { SecureRng } from '../random.ts';
import { reportRequest } from '../protocol/client-message.ts';
import type { RoundTask } from '../protocol/message.ts';
import type { Kept, Work } from './client-record.ts';
import type { DeviceTraining, FederatedClientOptions } from './contract.ts';
import { Fault } from './fault.ts';
import type { Surroundings } from './surroundings.ts';
import { watchedTrainer } from './watched-trainer.ts';

/** Work that is trained, and waits for what the server makes of it. */
export type TrainedWork = Extract<Work, { kind: 'reporting' | 'exchanging' }>;

/**
 * Trains, and encodes at once: whatever is sent of it later has these bytes.
 *
 * @throws Fault for options of `local` and results of the trainer that cannot be; what the trainer and the pipeline throw.
 */
export async function trainFor<B extends PlainData, C extends PlainData, U extends Update>(
  task: RoundTask,
  broadcast: B,
  kept: Kept,
  half: ClientHalf<U>,
  owner: StateOwner,
  { where, rng }: Pick<Surroundings<B>, 'where' | 'rng'>,
  options: FederatedClientOptions<B, C, U>,
): Promise<{ readonly work: TrainedWork; readonly local: Omit<LocalResult, 'values'> }> {
  const { pipeline, trainer, id, signal } = options;
  // The algorithm checks the vectors it reads.
  const held = kept.state && { state: decodeState(kept.state, owner) as C };
  const { contribution, state, local } = await pipeline.algorithm.clientRound({
    broadcast,
    ...held,
    trainer: watchedTrainer(where, trainer),
    round: task.round,
    options: {
      rng,
      ...Fault.unless(() => localOptions(`${where}: local`, options.local(task), rng)),
      ...(signal && { signal }),
    },
  });
  const { algorithm } = pipeline;
  // What is kept follows from what the server will have counted, not from what was computed.
  const nextOf = (counted: () => Update): Kept => {
    const own = algorithm.settle
      ? algorithm.settle({ broadcast, ...held, counted: counted() as U, reported: state })
      : state;
    return keepsNothing(own) ? {} : { state: encodeState(own, owner) };
  };
  if (half.sends === 'exchange') {
    const input = half.input(task, contribution, { rng, client: id });
    const next = nextOf(() => half.counted(task, contribution, input, { client: id }));
    return { work: { kind: 'exchanging', task, next, input }, local };
  }
  const last = kept.memory && { memory: kept.memory };
  const {
    bytes: report,
    memory,
    counted,
  } = half.encode(task, contribution, {
    rng,
    client: id,
    // The algorithm has refused others.
    finite: true,
    ...last,
  });
  return {
    work: {
      kind: 'reporting',
      task,
      next: { ...nextOf(counted), ...(memory && { memory }) },
      request: reportRequest(task.ticket, report),
    },
    local,
  };
}

/** What `local` gave, checked before the trainer sees it. */
function localOptions(where: string, given: DeviceTraining, rng: SecureRng): DeviceTraining {
  if (typeof (given as { then?: unknown } | undefined)?.then === 'function') {
    refuse('INVALID_ARGUMENT', where, 'options at once: not an async function', 'a promise');
  }
  checkTrainOptions(where, typeof given === 'object' && given !== null ? { rng, ...given } : given);
  return given;
}
