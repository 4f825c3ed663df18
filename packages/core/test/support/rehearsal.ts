import { expect } from 'vitest';
import { clientEntries, getClient } from '../../src/round/client-map.ts';
import { type RoundMachine, roundMachine } from '../../src/round/machine.ts';
import type { RoundRecord } from '../../src/round/record.ts';
import type { Answer, RoundEffect, RoundEvent, RoundState } from '../../src/round/state.ts';

/** A machine with a driver around it that does at once, or not at all, what effects ask for. */
export class Rehearsal {
  readonly machine: RoundMachine;
  state: RoundState;
  readonly log: { event: RoundEvent; effects: readonly RoundEffect[] }[] = [];
  readonly records: RoundRecord[] = [];
  /** Tickets by client that were acknowledged, and those of them that were published. */
  readonly acknowledged = new Map<number, string>();
  readonly published = new Map<number, string>();
  time = 0;

  readonly #minimum: number;

  constructor(options: Parameters<typeof roundMachine>[0]) {
    this.machine = roundMachine(options);
    this.#minimum = options.minimum ?? options.cohort;
    this.state = this.machine.init(0);
  }

  step(
    event: RoundEvent extends infer E ? (E extends unknown ? Omit<E, 'time'> : never) : never,
  ): readonly RoundEffect[] {
    const full = { ...event, time: this.time } as RoundEvent;
    const before = JSON.stringify(this.state);
    const { state, effects } = this.machine.step(this.state, full);
    expect(JSON.stringify(this.state)).toBe(before);
    if (full.kind === 'closed') {
      for (const [client, { ticket, place }] of clientEntries(
        this.state.current?.members ?? { size: 0, buckets: [] },
      )) {
        if (place === 'accepted') this.published.set(ticket, client);
      }
    }
    this.state = state;
    this.log.push({ event: full, effects });
    for (const effect of effects) {
      if (effect.kind === 'publish' || effect.kind === 'abandon') this.records.push(effect.record);
      if (effect.kind === 'accept') {
        const { client, ticket } = effect;
        this.step({ kind: 'accepted', client, ticket });
        this.acknowledged.set(ticket, client);
      }
    }
    return effects;
  }

  /** Does what is outstanding. */
  work(fails: boolean): void {
    for (const effect of this.machine.outstanding(this.state)) {
      if (fails) this.step({ kind: 'failed', code: 'THRESHOLD_NOT_MET' });
      else if (effect.kind === 'open') {
        const clients = clientEntries(this.state.waiting).map(([client]) => client);
        const drawn = clients.slice(0, effect.places);
        if (drawn.length < (effect.refill ? 1 : this.#minimum)) {
          this.step({ kind: 'failed', code: 'THRESHOLD_NOT_MET' });
          continue;
        }
        this.step({ kind: 'opened', clients: drawn, scheme: { kind: 'none' }, population: clients.length });
      } else if (effect.kind === 'close') {
        const contributors = clientEntries(this.state.current?.members as never).flatMap(([client, member]) =>
          (member as { place: string }).place === 'accepted' ? [client] : [],
        );
        this.step({ kind: 'closed', contributors, facts: {}, last: false });
      }
    }
  }

  ticketOf(client: string): number | undefined {
    return this.state.current ? getClient(this.state.current.members, client)?.ticket : undefined;
  }

  answer(effects: readonly RoundEffect[]): Answer | undefined {
    for (const effect of effects) if (effect.kind === 'send') return effect.answer;
    return undefined;
  }
}
