/**
 * Both halves of a pipeline in one process, with no network between: what a server and its clients do in turn.
 *
 * @module
 */
import type { ClientId, Contribution, Pipeline, PlainData, Update } from '@fedkit/core';
import type { Collected, ExchangeCollector, PipelineTask, RoundFacts } from '@fedkit/core/pipeline';
import type { SecureClient } from '@fedkit/core/secure';
import { secureRng } from '@fedkit/core';

/** A round to run. */
export interface DrivenRound<U extends Update> {
  readonly contributions: Readonly<Record<ClientId, Contribution<U>>>;
  readonly round?: number;
  /** Places; default: one for each contribution. */
  readonly places?: number;
  readonly facts?: Partial<RoundFacts>;
  /** Clients that fall silent in a stage: its request reaches them and no answer comes. */
  readonly drop?: Readonly<Record<string, readonly ClientId[]>>;
  /** Whether the server is thrown away and opened from what it saved, between every two stages and before the end. */
  readonly restarts?: boolean;
  /** What clients remember of earlier rounds, by client; replaced where a report counts. */
  readonly memories?: Map<ClientId, Uint8Array>;
  readonly modelDigest?: Uint8Array;
}

/** Runs one round and gives what it came to. */
export async function driveRound<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(pipeline: Pipeline<S, B, C, U, R>, run: DrivenRound<U>): Promise<Collected<R>> {
  const [half, other] = [pipeline.client(), pipeline.server()];
  const ids = Object.keys(run.contributions);
  const round = run.round ?? 1;
  const places = run.places ?? ids.length;
  const modelDigest = run.modelDigest ?? new Uint8Array(32).fill(7);
  const parameters = other.announce({ round, places, modelDigest });
  const task: PipelineTask = { round, modelDigest, parameters };
  const facts: RoundFacts = { round, scheme: { kind: 'none' }, population: places, ...run.facts };
  for (const _ of ids) half.check(task);

  if (half.sends === 'report' && other.collects === 'reports') {
    let collector = other.open({ round, parameters });
    for (const id of ids) {
      if (run.drop?.report?.includes(id)) continue;
      const memory = run.memories?.get(id);
      const report = half.encode(task, run.contributions[id], {
        rng: secureRng(),
        client: id,
        ...(memory !== undefined && { memory }),
      });
      collector.accept(id, report.bytes);
      if (report.memory !== undefined) run.memories?.set(id, report.memory);
      if (run.restarts) collector = other.open({ round, parameters, saved: collector.serialize() });
    }
    return collector.close(facts);
  }
  if (half.sends !== 'exchange' || other.collects !== 'exchange') throw new Error('halves of two kinds');

  let saved: Uint8Array | undefined;
  const persist = async (state: Uint8Array) => void (saved = state);
  const open = () => other.open({ round, parameters, persist, ...(saved !== undefined && { saved }) });
  const clients = new Map<ClientId, SecureClient>();
  for (const id of ids)
    clients.set(id, half.enter(task, { client: id, persist: async () => undefined, singleInstance: true }));
  const silent = new Set<ClientId>();
  let collector: ExchangeCollector<R> = open();
  while (!collector.finished) {
    const { stage } = collector;
    for (const id of run.drop?.[stage] ?? []) silent.add(id);
    for (const [id, machine] of clients) {
      if (silent.has(id)) continue;
      const message = stage === 'advertise' ? undefined : collector.messageFor(id);
      if (stage !== 'advertise' && message === undefined) continue;
      if (machine.needsInput) {
        machine.setInput(half.input(task, run.contributions[id], { rng: secureRng(), client: id }));
      }
      const answer = message === undefined ? await machine.start() : await machine.receive(message);
      if (answer !== undefined) await collector.receive(id, answer);
    }
    await collector.advance(facts);
    if (run.restarts) collector = open();
  }
  return collector.close(facts);
}
