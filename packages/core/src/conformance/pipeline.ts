/**
 * The laws of a {@link Pipeline}: both halves, with no network between.
 *
 * @module
 */
import { checkOptions, type OptionNames } from '../check.ts';
import type { ClientId, Contribution, Update } from '../aggregate/contract.ts';
import { decodeTerms, digestOfTerms, encodeTerms } from '../pipeline/terms.ts';
import type {
  Collected,
  ExchangingClient,
  ExchangingServer,
  Pipeline,
  PipelineTask,
  ReportCollector,
  ReportingClient,
  ReportingServer,
  RoundFacts,
} from '../pipeline/contract.ts';
import type { PlainData } from '../plain-data.ts';
import { secureRng, type SecureRng, seededRng } from '../random.ts';
import { copyOf, sameBits } from './bits.ts';
import { ensure, ensureRefused, ensureRejected, type Law } from './law.ts';

/** How a pipeline is tried. */
export interface PipelineSetup<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
> {
  /** Makes it anew: as client and server do, each for itself. */
  create(): Pipeline<S, B, C, U, R>;
  /** The contribution of a client: another for each number. */
  contribution(client: number): Contribution<U>;
  /** Clients of a round; default 4. At least the pipeline's minimum. */
  readonly clients?: number;
  /** Refuses an aggregate that is too far from that of the contributions, by throwing. */
  ensureAggregate?(aggregate: R, contributions: readonly Contribution<U>[]): void;
  /** Whether an aggregate has the same bits whenever the contributions do: not where noise is added; default true. */
  readonly repeatable?: boolean;
  /** What the server knows of a round; default a population of the clients, drawn without randomness. */
  readonly facts?: Partial<RoundFacts>;
}

/** Both sides agree by name; rounds come to what was contributed, in any order and after a restart; hostile bytes change nothing. */
export function pipelineLaws<
  S extends PlainData,
  B extends PlainData,
  C extends PlainData,
  U extends Update,
  R extends PlainData,
>(setup: PipelineSetup<S, B, C, U, R>): Law[] {
  checkOptions('pipelineLaws', setup, {
    create: true,
    contribution: true,
    clients: true,
    ensureAggregate: true,
    repeatable: true,
    facts: true,
  } satisfies OptionNames<typeof setup>);
  const { clients: count = 4, repeatable = true } = setup;
  const ids: ClientId[] = Array.from({ length: count }, (_, i) => `client ${i}`);
  const contributions = ids.map((_, i) => setup.contribution(i));
  const modelDigest = new Uint8Array(32).fill(3);
  const begin = (round = 1) => {
    const [own, other] = [setup.create(), setup.create()];
    const server = other.server();
    const parameters = server.announce({ round, places: count, modelDigest });
    const task: PipelineTask = { round, modelDigest, parameters };
    const facts: RoundFacts = { round, scheme: { kind: 'none' }, population: count, ...setup.facts };
    return { half: own.client(), server, task, facts, parameters, round };
  };
  const check = ({ aggregate, contributors }: Collected<R>): void => {
    ensure([...contributors].sort().join() === [...ids].sort().join(), 'every contributor, each once');
    setup.ensureAggregate?.(aggregate, contributions);
  };
  const { client, server } = { client: setup.create().client(), server: setup.create().server() };
  const agreement: Law[] = [
    {
      name: 'two that are made alike agree; terms have names of their own, and their digest is theirs',
      run() {
        const [one, other] = [setup.create(), setup.create()];
        ensure(sameBits(one.digest, other.digest) && one.digest.length === 32, 'the same 32 bytes');
        ensure(sameBits(digestOfTerms(one.terms), one.digest), 'the digest to be that of the terms');
        ensure(sameBits(decodeTerms(encodeTerms(one.terms)), one.terms), 'terms that survive their bytes');
        ensure(new Set(one.terms.map(([name]) => name)).size === one.terms.length, 'every name once');
        ensure(one.layout === undefined || one.layout.size === one.size, 'a layout of its size');
      },
    },
    {
      name: 'a client takes the tasks of its server, and refuses others before it trains',
      run() {
        const { half, task } = begin();
        half.check(task);
        half.check({ ...task });
        const refused = (what: string, change: Partial<PipelineTask>) =>
          ensureRefused(
            what,
            ['DECODE_FAILED', 'SHAPE_MISMATCH', 'INVALID_ARGUMENT', 'OUT_OF_RANGE', 'AUTHENTICATION_FAILED'],
            () => half.check({ ...task, ...change }),
          );
        refused('parameters of another round', { round: 2 });
        refused('no parameters', { parameters: new Uint8Array(0) });
        refused('cut parameters', { parameters: task.parameters.subarray(0, -1) });
        refused('parameters and more', { parameters: Uint8Array.of(...task.parameters, 0) });
        refused('other bytes', { parameters: seededRng(1).fill(new Uint8Array(task.parameters.length)) });
      },
    },
  ];
  if (client.sends === 'report' && server.collects === 'reports')
    return [...agreement, ...reportLaws({ begin, check, ids, contributions, repeatable })];
  return [
    ...agreement,
    {
      name: 'an exchange comes to what was contributed, also by a server that starts again between stages',
      async run() {
        for (const restarts of [false, true]) {
          const { half, server: other, task, facts } = begin();
          check(
            await exchanged(
              half as ExchangingClient<U>,
              other as ExchangingServer<R>,
              task,
              facts,
              ids,
              contributions,
              restarts,
            ),
          );
        }
      },
    },
  ];
}

interface Round<U extends Update, R> {
  readonly begin: (round?: number) => {
    readonly half: unknown;
    readonly server: unknown;
    readonly task: PipelineTask;
    readonly facts: RoundFacts;
    readonly parameters: Uint8Array;
    readonly round: number;
  };
  readonly check: (collected: Collected<R>) => void;
  readonly ids: readonly ClientId[];
  readonly contributions: readonly Contribution<U>[];
  readonly repeatable: boolean;
}

function reportLaws<U extends Update, R extends PlainData>({
  begin,
  check,
  ids,
  contributions,
  repeatable,
}: Round<U, R>): Law[] {
  // Rounding that protects nobody here may repeat.
  const stream = (label: string): SecureRng => seededRng(label) as unknown as SecureRng;
  const open = () => {
    const { half, server, ...rest } = begin();
    return { ...rest, half: half as ReportingClient<U>, server: server as ReportingServer<R> };
  };
  const reportsOf = (half: ReportingClient<U>, task: PipelineTask) =>
    ids.map((id, i) => half.encode(task, contributions[i], { rng: stream(id), client: id }).bytes);
  const fold = (collector: ReportCollector<R>, reports: readonly Uint8Array[], order: readonly number[]) => {
    for (const i of order) collector.accept(ids[i], reports[i]);
    return collector;
  };
  const forwards = ids.map((_, i) => i);
  return [
    {
      name: 'encoding changes nothing, and gives the same bytes for the same arguments and stream',
      run() {
        const { half, task } = open();
        ids.forEach((id, i) => {
          const before = copyOf(contributions[i]);
          const once = half.encode(task, contributions[i], { rng: stream(id), client: id });
          const again = half.encode(task, contributions[i], { rng: stream(id), client: id });
          ensure(sameBits(once.bytes, again.bytes) && sameBits(once.memory, again.memory), 'the same report twice');
          ensure(sameBits(contributions[i], before), 'the contribution as it was');
        });
      },
    },
    {
      name: 'a round comes to what was contributed, in any order, also by a collector that was stored in between',
      async run() {
        const { half, server, task, facts, parameters, round } = open();
        const reports = reportsOf(half, task);
        const straight = fold(server.open({ round, parameters }), reports, forwards);
        const expected = await straight.close(facts);
        check(expected);
        const backwards = fold(server.open({ round, parameters }), reports, [...forwards].reverse());
        let stored = server.open({ round, parameters });
        for (const i of forwards) {
          stored = server.open({ round, parameters, saved: stored.serialize() });
          fold(stored, reports, [i]);
        }
        ensure(stored.contributors === ids.length, `${ids.length} contributors after restarts`);
        for (const other of [backwards, stored]) {
          const collected = await other.close(facts);
          check(collected);
          ensure(!repeatable || sameBits(collected.aggregate, expected.aggregate), 'the same bits');
        }
      },
    },
    {
      name: 'collectors of a round that merge come to what one that took every report comes to',
      async run() {
        const { half, server, task, facts, parameters, round } = open();
        const reports = reportsOf(half, task);
        const part = (chosen: readonly number[]) => fold(server.open({ round, parameters }), reports, chosen);
        const [one, other] = [part(forwards.slice(1)), part(forwards.slice(0, 1))];
        if (one.merge === undefined) return;
        const expected = await part(forwards).close(facts);
        const before = one.serialize();
        ensureRefused('the same clients again', ['PROTOCOL_STATE'], () =>
          one.merge?.(part(forwards.slice(1)).serialize()),
        );
        ensureRefused('half a collector', ['DECODE_FAILED'], () => one.merge?.(other.serialize().subarray(0, -1)));
        ensure(sameBits(one.serialize(), before), 'the collector as it was');
        one.merge(other.serialize());
        ensure(one.contributors === ids.length, `${ids.length} contributors`);
        const merged = await one.close(facts);
        check(merged);
        ensure(!repeatable || sameBits(merged.aggregate, expected.aggregate), 'the same bits');
        ensureRefused('a closed collector', ['PROTOCOL_STATE'], () => one.merge?.(other.serialize()));
      },
    },
    {
      name: "a second report, another round's, cut, damaged or foreign bytes are refused, and change nothing",
      run() {
        const { half, server, task, parameters, round } = open();
        const reports = reportsOf(half, task);
        const collector = fold(server.open({ round, parameters }), reports, [0]);
        const before = collector.serialize();
        const codes = ['DECODE_FAILED', 'SHAPE_MISMATCH', 'OUT_OF_RANGE', 'INVALID_ARGUMENT', 'PROTOCOL_STATE'];
        const refused = (what: string, id: ClientId, bytes: Uint8Array) => {
          ensureRefused(what, codes, () => collector.accept(id, bytes));
          ensure(collector.contributors === 1, `one contributor after ${what}`);
          ensure(sameBits(collector.serialize(), before), `the collector as it was after ${what}`);
        };
        refused('a second report', ids[0], reports[0]);
        for (const length of [0, 1, reports[1].length >> 1, reports[1].length - 1])
          refused(`${length} bytes of a report`, ids[1], reports[1].subarray(0, length));
        refused('a byte too many', ids[1], Uint8Array.of(...reports[1], 0));
        refused('foreign bytes', ids[1], seededRng(2).fill(new Uint8Array(reports[1].length)));
        const other = open();
        refused('the report of another run', ids[1], reportsOf(other.half, other.task)[1]);
        collector.accept(ids[1], reports[1]);
      },
    },
    {
      name: 'fewer than the minimum are not released',
      async run() {
        const { half, server, task, facts, parameters, round } = open();
        const least = server.minimumContributors;
        ensure(Number.isSafeInteger(least) && least >= 1 && least <= ids.length, `1 to ${ids.length} as the minimum`);
        const collector = server.open({ round, parameters });
        fold(collector, reportsOf(half, task), forwards.slice(0, least - 1));
        await ensureRejected('too few contributors', ['THRESHOLD_NOT_MET'], () => collector.close(facts));
      },
    },
    {
      name: 'what cannot be contributed is refused before it is encoded',
      run() {
        const { half, task } = open();
        const refused = (what: string, values: unknown) =>
          ensureRefused(what, ['SHAPE_MISMATCH', 'INVALID_ARGUMENT', 'OUT_OF_RANGE'], () =>
            half.encode(task, { ...contributions[0], values: values as U }, { rng: secureRng(), client: ids[0] }),
          );
        refused('no record', undefined);
        refused('a slot of another name', { ...contributions[0].values, another: 1 });
        for (const [name, slot] of Object.entries(contributions[0].values)) {
          if (typeof slot === 'number') continue;
          refused('a longer slot', { ...contributions[0].values, [name]: new Float32Array(slot.length + 1) });
          refused('a slot with NaN', { ...contributions[0].values, [name]: slot.slice().fill(Number.NaN, 0, 1) });
        }
      },
    },
  ];
}

/** One secure sum without a network. */
async function exchanged<U extends Update, R>(
  half: ExchangingClient<U>,
  server: ExchangingServer<R>,
  task: PipelineTask,
  facts: RoundFacts,
  ids: readonly ClientId[],
  contributions: readonly Contribution<U>[],
  restarts: boolean,
): Promise<Collected<R>> {
  const { round, parameters } = task;
  let saved: Uint8Array | undefined;
  const persist = async (state: Uint8Array) => void (saved = state);
  const open = () => server.open({ round, parameters, persist, ...(saved !== undefined && { saved }) });
  const machines = ids.map((client) =>
    half.enter(task, { client, persist: async () => undefined, singleInstance: true }),
  );
  let collector = open();
  for (let first = true; !collector.finished; first = false) {
    for (const [i, machine] of machines.entries()) {
      const message = first ? undefined : collector.messageFor(ids[i]);
      if (!first && message === undefined) continue;
      if (machine.needsInput)
        machine.setInput(half.input(task, contributions[i], { rng: secureRng(), client: ids[i] }));
      const answer = message === undefined ? await machine.start() : await machine.receive(message);
      if (answer !== undefined) await collector.receive(ids[i], answer);
    }
    await collector.advance(facts);
    if (restarts) collector = open();
  }
  return collector.close(facts);
}
