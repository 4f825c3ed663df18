import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rehearsal } from '../../test/support/rehearsal.ts';
import { roundMachine } from './machine.ts';
import type { RoundEvent } from './state.ts';

const CLIENTS = ['a', 'b', 'c', 'd', 'e', '__proto__'];

const client = fc.constantFrom(...CLIENTS);
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('join' as const), client }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('report' as const), client, earlier: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), client }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('vanish' as const), client }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('work' as const), fails: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), by: fc.integer({ min: -5000, max: 20_000 }) }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'pause' as const }, { kind: 'resume' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const) }) },
);
type Action = typeof action extends fc.Arbitrary<infer A> ? A : never;
const options = fc
  .record({
    cohort: fc.integer({ min: 1, max: 4 }),
    less: fc.nat(3),
    overSelection: fc.constantFrom(1, 1, 1.5),
    rounds: fc.constantFrom(2, 100),
  })
  .map(({ cohort, less, ...rest }) => ({
    ...rest,
    cohort,
    minimum: Math.max(1, cohort - less),
    deadlines: { recruiting: 3000, reporting: 10_000 },
    collects: 'reports' as const,
  }));

/** Runs actions; every ticket a client has seen may be used again. */
function rehearse(actions: readonly Action[], run: Rehearsal): void {
  const seen = new Map<string, number[]>();
  for (const act of actions) {
    for (const name of CLIENTS) {
      const ticket = run.ticketOf(name);
      const tickets = seen.get(name) ?? [];
      if (ticket !== undefined && tickets[0] !== ticket) seen.set(name, [ticket, ...tickets]);
    }
    if (act.kind === 'join') run.step({ kind: 'joined', client: act.client });
    else if (act.kind === 'work') run.work(act.fails);
    else if (act.kind === 'wait') {
      run.time += act.by;
      run.step({ kind: 'tick' });
    } else if (act.kind === 'pause' || act.kind === 'resume') run.step({ kind: act.kind });
    else if (act.kind === 'refuse') run.step({ kind: 'refused', code: 'DECODE_FAILED' });
    else if (act.kind === 'vanish') run.step({ kind: 'left', client: act.client });
    else {
      const tickets = seen.get(act.client) ?? [];
      const ticket = tickets[act.kind === 'report' ? Math.min(act.earlier, tickets.length - 1) : 0];
      if (ticket === undefined) continue;
      const before = run.acknowledged.has(ticket);
      const finished = Math.floor(ticket / 2 ** 20) !== run.state.current?.round;
      const effects = run.step({ kind: act.kind === 'report' ? 'reported' : 'left', client: act.client, ticket });
      const answer = run.answer(effects);
      if (act.kind === 'report' && before && answer && !finished) {
        // What was acknowledged stays so, even after its client has left.
        expect(answer.kind).toBe('accepted');
      }
    }
  }
}

describe('roundMachine', () => {
  it('counts exactly what it acknowledged, once, whatever happens', () => {
    fc.assert(
      fc.property(options, fc.array(action, { maxLength: 120 }), (how, actions) => {
        const run = new Rehearsal(how);
        rehearse(actions, run);
        for (const [ticket, name] of run.published) expect(run.acknowledged.get(ticket)).toBe(name);
        for (const record of run.records) {
          if (record.outcome !== 'published') continue;
          expect(new Set(record.contributors).size).toBe(record.contributors.length);
          expect(record.contributors.length).toBeGreaterThanOrEqual(how.minimum);
          expect(record.contributors.length).toBeLessThanOrEqual(Math.ceil(how.cohort * how.overSelection));
        }
        // Acknowledged tickets are published, in the current round, or of a round whose aggregate was refused.
        const refused = new Set(run.records.flatMap(({ outcome, round }) => (outcome === 'abandoned' ? [round] : [])));
        for (const ticket of run.acknowledged.keys()) {
          const round = Math.floor(ticket / 2 ** 20);
          expect(run.published.has(ticket) || round === run.state.current?.round || refused.has(round)).toBe(true);
        }
        const rounds = run.records.map(({ round }) => round);
        expect([...new Set(rounds)].sort((x, y) => x - y)).toEqual(rounds);
      }),
      { numRuns: 10000 },
    );
  });

  it('refuses a draw of fewer than the minimum, of strangers, and of one client twice', () => {
    const run = new Rehearsal({ cohort: 3, minimum: 2, collects: 'reports' });
    for (const name of ['a', 'b', 'c']) run.step({ kind: 'joined', client: name });
    const { state } = run;
    for (const clients of [[], ['a'], ['a', 'e'], ['a', 'b', 'a']]) {
      const opened = { kind: 'opened', clients, scheme: { kind: 'none' }, population: 3 } as const;
      expect(() => run.step(opened)).toThrow('at least 2 of the clients that wait, each once');
      expect(run.state).toBe(state);
    }
    run.step({ kind: 'opened', clients: ['a', 'b'], scheme: { kind: 'none' }, population: 3 });
    expect(run.state.phase).toBe('collecting');
  });

  it('gives the same states and effects for the same events, through JSON at any point', () => {
    fc.assert(
      fc.property(options, fc.array(action, { maxLength: 60 }), (how, actions) => {
        const run = new Rehearsal(how);
        rehearse(actions, run);
        let state = run.machine.init(0);
        for (const { event, effects } of run.log) {
          const next = run.machine.step(JSON.parse(JSON.stringify(state)), JSON.parse(JSON.stringify(event)));
          expect(next.effects).toEqual(effects);
          state = next.state;
        }
        expect(state).toEqual(run.state);
      }),
      { numRuns: 100 },
    );
  });

  it('never stalls: from any state, clients that come and report get a round published', () => {
    fc.assert(
      fc.property(options, fc.array(action, { maxLength: 80 }), (how, actions) => {
        const run = new Rehearsal({ ...how, rounds: 1000 });
        rehearse(actions, run);
        run.step({ kind: 'resume' });
        const { published } = run.state;
        for (let turn = 0; turn < 60 && run.state.published === published; turn++) {
          for (const name of CLIENTS) run.step({ kind: 'joined', client: name });
          run.work(false);
          for (const name of CLIENTS) {
            if (name === CLIENTS[turn % CLIENTS.length]) continue;
            const ticket = run.ticketOf(name);
            if (ticket !== undefined) run.step({ kind: 'reported', client: name, ticket });
          }
          run.time += 4000;
          run.step({ kind: 'tick' });
          run.work(false);
        }
        expect(run.state.published).toBeGreaterThan(published);
      }),
      { numRuns: 1000 },
    );
  });

  it('asks for nothing after the end', () => {
    fc.assert(
      fc.property(
        options,
        fc.array(action, { maxLength: 60 }),
        fc.array(action, { maxLength: 40 }),
        (how, some, more) => {
          const run = new Rehearsal(how);
          rehearse(some, run);
          run.step({ kind: 'cancel' });
          const { phase } = run.state;
          expect(['cancelled', 'finished']).toContain(phase);
          const before = run.log.length;
          rehearse(more, run);
          for (const { effects } of run.log.slice(before)) {
            for (const effect of effects) expect(effect.kind).toBe('send');
          }
          expect(run.state.phase).toBe(phase);
          expect(run.machine.outstanding(run.state)).toEqual([]);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a round of reports', () => {
  const opened = (how: Partial<Parameters<typeof roundMachine>[0]> = {}) => {
    const run = new Rehearsal({ cohort: 3, minimum: 2, collects: 'reports', ...how });
    for (const name of ['a', 'b', 'c']) run.step({ kind: 'joined', client: name });
    run.work(false);
    return run;
  };
  const reports = (run: Rehearsal, name: string) =>
    run.step({ kind: 'reported', client: name, ticket: run.ticketOf(name) as number });

  it('does not wait for who left, and counts what was acknowledged before', () => {
    const run = opened();
    reports(run, 'a');
    run.step({ kind: 'left', client: 'a', ticket: run.ticketOf('a') as number });
    run.step({ kind: 'left', client: 'b', ticket: run.ticketOf('b') as number });
    expect(run.state.phase).toBe('collecting');
    reports(run, 'c');
    expect(run.state.phase).toBe('closing');
    run.work(false);
    expect(run.records[0]).toMatchObject({
      outcome: 'published',
      contributors: ['a', 'c'],
      dropouts: { reporting: 1 },
    });
  });

  it('takes nothing of who left, nor early of anyone', () => {
    const run = opened();
    const ticket = run.ticketOf('b') as number;
    run.step({ kind: 'left', client: 'b', ticket });
    expect(run.answer(run.step({ kind: 'reported', client: 'b', ticket }))).toEqual({ kind: 'late', ticket });
    expect(run.answer(run.step({ kind: 'reported', client: 'a', ticket }))).toEqual({ kind: 'unknown' });
    const unknown = run.step({ kind: 'reported', client: 'a', ticket: 2 ** 21 });
    expect(run.answer(unknown)).toEqual({ kind: 'unknown' });
  });

  it('closes at the deadline with whoever is there, and fills up what falls short', () => {
    const run = opened({ deadlines: { reporting: 5000, recruiting: 1000 } });
    reports(run, 'a');
    run.time += 5000;
    expect(run.answer(reports(run, 'b'))?.kind).toBe('late');
    expect(run.state).toMatchObject({ phase: 'waiting', current: { accepted: 1, open: 0 } });
    run.step({ kind: 'joined', client: 'd' });
    run.time += 1000;
    run.step({ kind: 'tick' });
    run.work(false);
    expect(run.state).toMatchObject({ phase: 'collecting', current: { round: 1, open: 1 } });
    reports(run, 'd');
    run.work(false);
    expect(run.records).toMatchObject([
      { round: 1, contributors: ['a', 'd'], scheme: { kind: 'none' }, invited: 4, late: 1 },
    ]);
  });

  it('is abandoned without any report, and drawn anew', () => {
    const run = opened({ deadlines: { reporting: 5000, recruiting: 1000 }, retryAfter: 10 });
    run.time += 5000;
    run.step({ kind: 'tick' });
    expect(run.records).toMatchObject([{ round: 1, outcome: 'abandoned', reason: 'THRESHOLD_NOT_MET' }]);
    for (const name of ['a', 'b', 'c']) run.step({ kind: 'joined', client: name });
    run.time += 10;
    run.step({ kind: 'tick' });
    run.work(false);
    expect(run.state).toMatchObject({ phase: 'collecting', round: 2 });
  });

  it('that asked a part of its minimum ends with what it has, once those who declined cannot be replaced', () => {
    const run = new Rehearsal({ cohort: 5, collects: 'reports', deadlines: { recruiting: 1000 } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) run.step({ kind: 'joined', client: name });
    const scheme = { kind: 'none' } as const;
    run.step({ kind: 'opened', clients: ['a', 'b'], scheme, population: 5, part: true });
    for (const name of ['c', 'd', 'e']) run.step({ kind: 'left', client: name });
    reports(run, 'a');
    run.step({ kind: 'declined', client: 'b', ticket: run.ticketOf('b') as number, reason: 'error' });
    expect(run.state.phase).toBe('waiting');
    run.time += 1000;
    run.step({ kind: 'tick' });
    expect(run.state.phase).toBe('closing');
    run.work(false);
    expect(run.records).toMatchObject([{ contributors: ['a'], invited: 2, declined: { error: 1 } }]);
  });

  it('closes with the first of more than it needs, and says that they are no sample', () => {
    const run = new Rehearsal({ cohort: 2, overSelection: 1.5, collects: 'reports' });
    for (const name of ['a', 'b', 'c']) run.step({ kind: 'joined', client: name });
    run.work(false);
    reports(run, 'c');
    reports(run, 'a');
    expect(run.answer(reports(run, 'b'))?.kind).toBe('late');
    run.work(false);
    expect(run.records[0]).toMatchObject({
      contributors: ['a', 'c'],
      scheme: { kind: 'none' },
      dropouts: { reporting: 1 },
    });
  });

  it('lets late joiners wait for the next round', () => {
    const run = opened();
    expect(run.answer(run.step({ kind: 'joined', client: 'd' }))).toEqual({ kind: 'wait' });
    expect(run.state.current?.invited).toBe(3);
    expect(run.machine.standing(run.state, 'a')).toMatchObject({ kind: 'task' });
  });

  it('measures deadlines by what the clock moved forward, wherever it jumps', () => {
    const run = opened({ deadlines: { reporting: 5000 } });
    reports(run, 'a');
    reports(run, 'b');
    run.time = -1e12;
    run.step({ kind: 'tick' });
    expect(run.state.phase).toBe('collecting');
    run.time += 4999;
    run.step({ kind: 'tick' });
    expect(run.state.phase).toBe('collecting');
    run.time += 1;
    expect(run.machine.due(run.state, run.time)).toBe(true);
    run.step({ kind: 'tick' });
    expect(run.state.phase).toBe('closing');
    run.work(false);
    // Far forward ends one round, and no more than that.
    for (const name of ['a', 'b', 'c']) run.step({ kind: 'joined', client: name });
    run.work(false);
    run.time = 1e15;
    run.step({ kind: 'tick' });
    expect(run.records).toHaveLength(2);
    expect(run.state).toMatchObject({ phase: 'waiting', round: 2 });
  });

  it('stands still while paused, but takes reports', () => {
    const run = opened({ deadlines: { reporting: 5000 } });
    run.step({ kind: 'pause' });
    run.time += 1e6;
    for (const name of ['a', 'b', 'c']) reports(run, name);
    expect(run.state).toMatchObject({ phase: 'collecting', current: { accepted: 3 } });
    run.step({ kind: 'resume' });
    expect(run.state.phase).toBe('closing');
    run.work(false);
    expect(run.records[0].milliseconds).toBe(0);
  });

  it('refuses outcomes that were never asked for', () => {
    const run = opened();
    const { state } = run;
    const wrong: RoundEvent[] = [
      { time: 0, kind: 'accepted', client: 'z', ticket: 1 },
      { time: 0, kind: 'opened', clients: ['a'], scheme: { kind: 'none' }, population: 1 },
      { time: 0, kind: 'advanced', stage: 's', awaited: [], finished: true },
      { time: 0, kind: 'closed', contributors: [], facts: {}, last: false },
      { time: 0, kind: 'failed', code: 'OVERFLOW' },
    ];
    for (const event of wrong) {
      expect(() => run.machine.step(state, event)).toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
    }
    expect(() => roundMachine({ cohort: 0, collects: 'reports' })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
    expect(() => roundMachine({ cohort: 2, minimum: 3, collects: 'reports' })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});
