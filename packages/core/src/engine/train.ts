/**
 * A simulation's clients on an engine: other threads, other machines.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { ClientId } from '../aggregate/contract.ts';
import type { ClientReport } from '../algorithm/contract.ts';
import type { Layout } from '../model/layout.ts';
import type { ClientEngine, ClientTask } from '../simulation/engine.ts';
import { callTask, remoteCall } from './call.ts';
import type { TaskEngine, TaskHandler } from './contract.ts';

/**
 * Clients that workers train, for `simulate({ engine })`. Their states stay where the simulation keeps them, and go along with a task.
 * Reports are folded in the cohort's order whoever is done first: the bytes are those of an inline engine.
 *
 * @param options - `clients`: every client that workers can run; `layout`: what they all train.
 */
export function engineClients<B, C, U>(
  engine: TaskEngine,
  options: { readonly clients: readonly ClientId[]; readonly layout?: Layout },
): ClientEngine<B, C, U> {
  checkOptions('engineClients', options, { clients: true, layout: true } satisfies OptionNames<typeof options>);
  const call = remoteCall<ClientTask<B, C>, ClientReport<U, C>>(engine, 'train');
  return {
    clients: options.clients,
    concurrency: engine.concurrency,
    ...(options.layout && { layout: options.layout }),
    run: (task, signal) => call.run(task, signal),
  };
}

/** The workers' end: `{ train: trainTask(inlineEngine({ … })) }`, made of the same algorithm, data and seed everywhere. */
export function trainTask<B, C, U>(clients: ClientEngine<B, C, U>): TaskHandler {
  return callTask((task: ClientTask<B, C>, signal) => clients.run(task, signal));
}
