/**
 * Who sees everything and believes nothing: what clients trained, what the server told them, what it published.
 *
 * @module
 */
import type {
  Algorithm,
  ClientId,
  Contribution,
  Pipeline,
  PlainData,
  RequestHandler,
  RoundRecord,
  RoundTask,
  Settlement,
  Update,
} from '@fedkit/core';
import type { PipelineTask } from '@fedkit/core/pipeline';
import { decodeRequest, decodeResponse } from '@fedkit/core/protocol';

// oxlint-disable-next-line typescript/no-explicit-any -- any algorithm's states
export type AnyAlgorithm = Algorithm<any, any, any, any, any>;
// oxlint-disable-next-line typescript/no-explicit-any -- any algorithm's states
export type AnyPipeline = Pipeline<any, any, any, any, any>;

/**
 * What was encoded for a ticket the last time: nothing of an earlier time has left the client. Plain data: a client in another
 * process can post it.
 */
export interface Trained {
  readonly round: number;
  readonly contribution: Contribution<Update>;
  readonly input?: Readonly<Record<string, Int32Array>>;
  /** What the client kept of earlier rounds when it trained, and would keep of this one. */
  readonly from: PlainData | undefined;
  readonly state: PlainData;
}

/** Notes of one run. */
export class Witness {
  /** By client and ticket. */
  readonly trained: Map<string, Trained> = new Map();
  /** What the server said of a ticket, by client and ticket: whether it counts. */
  readonly answers: Map<string, boolean> = new Map();
  /** Different reports by client and ticket. */
  readonly sent: Map<string, Set<string>> = new Map();
  /** Reports and messages that came; among them those of tickets that had been answered before. */
  requests = 0;
  repeated = 0;
  /** Whatever contradicts itself. */
  readonly contradictions: string[] = [];
  readonly #tell: ((key: string, trained: Trained) => void) | undefined;

  /** @param tell - Is told every note of what was trained: where whoever compares is in another process. */
  constructor(tell?: (key: string, trained: Trained) => void) {
    this.#tell = tell;
  }

  /** One process's pipeline, watched. */
  watch(client: ClientId, pipeline: AnyPipeline): AnyPipeline {
    let from: PlainData | undefined;
    let state: PlainData = {};
    let encoded: { readonly key: string; readonly trained: Trained } | undefined;
    const note = (task: PipelineTask, contribution: Contribution<Update>, input?: Trained['input']) => {
      const { round, ticket } = task as RoundTask;
      encoded = {
        key: `${client} ${ticket}`,
        trained: { round, contribution, from, state, ...(input && { input }) },
      };
      this.#note(encoded.key, encoded.trained);
    };
    const algorithm: AnyAlgorithm = {
      ...pipeline.algorithm,
      async clientRound(round) {
        encoded = undefined;
        const report = await pipeline.algorithm.clientRound(round);
        from = round.state;
        state = report.state;
        return report;
      },
      ...(pipeline.algorithm.settle && {
        settle: (round: Settlement<PlainData, PlainData, Update>) => {
          const own = pipeline.algorithm.settle?.(round) as PlainData;
          if (!encoded) throw new Error(`${client} settles what it has not encoded`);
          this.#note(encoded.key, { ...encoded.trained, state: own });
          return own;
        },
      }),
    };
    const half = pipeline.client();
    const watched: typeof half =
      half.sends === 'report'
        ? {
            ...half,
            encode(task, contribution, options) {
              note(task, contribution);
              return half.encode(task, contribution, options);
            },
          }
        : {
            ...half,
            input(task, contribution, options) {
              const input = half.input(task, contribution, options);
              const copies = Object.entries(input).map(([name, values]) => [name, values.slice()] as const);
              note(task, contribution, Object.fromEntries(copies));
              return input;
            },
          };
    return { ...pipeline, algorithm, client: () => watched };
  }

  /** The server, overheard: what reaches it, and what it says. */
  listen(server: RequestHandler): RequestHandler {
    return {
      handle: async (client, request) => {
        const bytes = await server.handle(client, request);
        const [asked, answer] = [decodeRequest(request), decodeResponse(bytes)];
        if (asked.kind !== 'report' && asked.kind !== 'exchange' && asked.kind !== 'outcome') return bytes;
        const key = `${client} ${asked.ticket}`;
        if (asked.kind === 'outcome') {
          if (answer.kind === 'finished') this.#answered(key, answer.counted);
          else if (answer.kind === 'late') this.#answered(key, false);
          return bytes;
        }
        this.requests++;
        if (this.answers.has(key)) this.repeated++;
        if (asked.kind === 'report') {
          const reports = this.sent.get(key) ?? new Set();
          this.sent.set(key, reports.add(asked.bytes.join()));
          if (reports.size > 1) this.contradictions.push(`two reports of ${key}`);
        }
        if (answer.kind === 'accepted') this.#answered(key, true);
        else if (answer.kind === 'late') this.#answered(key, false);
        else if (answer.kind === 'finished') this.#answered(key, answer.counted);
        return bytes;
      },
    };
  }

  #note(key: string, trained: Trained): void {
    this.trained.set(key, trained);
    this.#tell?.(key, trained);
  }

  #answered(key: string, counted: boolean): void {
    const before = this.answers.get(key);
    if (before !== undefined && before !== counted) this.contradictions.push(`${key} counts, and does not`);
    this.answers.set(key, counted);
  }

  /** Whose work of a round counts, as the server told them. */
  acknowledged(round: number): Map<ClientId, Trained> {
    const clients = new Map<ClientId, Trained>();
    for (const [key, counted] of this.answers) {
      const trained = this.trained.get(key);
      const client = key.slice(0, key.lastIndexOf(' '));
      if (!trained) {
        this.contradictions.push(`${key} was answered and never trained`);
        continue;
      }
      if (!counted || trained.round !== round) continue;
      if (clients.has(client)) this.contradictions.push(`${client} counts twice in round ${round}`);
      clients.set(client, trained);
    }
    return clients;
  }
}

/** What a finished run left. */
export interface Finished {
  readonly algorithm: AnyAlgorithm;
  readonly size: number;
  /** N, as the server was told. */
  readonly federationSize: number;
  readonly initial: Float32Array;
  /** The server's last state. */
  readonly state: PlainData;
  readonly records: readonly RoundRecord[];
  /** What clients keep at the end; not for those whose disks are elsewhere. */
  readonly kept?: ReadonlyMap<ClientId, PlainData | undefined>;
  /** Sums that secure rounds opened, by round. */
  readonly sums?: ReadonlyMap<number, Readonly<Record<string, Int32Array | Float64Array>>>;
}

/**
 * Holds a finished run against the notes, and gives every way in which they differ: none is right. Each published round must be
 * made of exactly those whose work was acknowledged; with plain reports the models, computed anew from what clients trained,
 * must agree to the last bit; of secure sums every integer.
 */
export function differences(
  witness: Witness,
  { algorithm, size, federationSize, initial, state, records, kept, sums }: Finished,
): string[] {
  const found: string[] = [];
  const published = records.filter(({ outcome }) => outcome === 'published');
  const rounds = new Set(published.map(({ round }) => round));
  const rule = algorithm.aggregator(size);
  let expected = algorithm.init(initial);
  for (const { round, contributors } of published) {
    const acknowledged = witness.acknowledged(round);
    const [said, counted] = [[...acknowledged.keys()].sort().join(), [...contributors].sort().join()];
    if (said !== counted) found.push(`round ${round}: acknowledged ${said}; in the sum ${counted}`);
    if (sums) {
      found.push(...wrongSums(round, sums.get(round) ?? {}, [...acknowledged.values()]));
      continue;
    }
    const folded = rule.create();
    for (const [client, { contribution }] of acknowledged) rule.accumulate(folded, { ...contribution, client });
    const info = { round, cohort: acknowledged.size, population: federationSize };
    expected = algorithm.serverStep(expected, rule.finalize(folded), info);
    rule.dispose(folded);
  }
  if (!sums && !same(lasting(expected), lasting(state)))
    found.push('the model is another than that of the acknowledged updates');
  for (const [key, counted] of witness.answers) {
    const trained = witness.trained.get(key);
    if (counted && trained && !rounds.has(trained.round))
      found.push(`${key} counts in a round that was never published`);
  }
  for (const [client, own] of kept ?? []) found.push(...wrongMemory(witness, client, own));
  return [...new Set([...witness.contradictions, ...found])];
}

/** A state without how many clients were new to its epoch: a server that restarted knows of fewer. */
function lasting(state: PlainData): PlainData {
  const { mirror, ...rest } = state as {
    readonly mirror?: { readonly sum: Float32Array };
    readonly [name: string]: PlainData | undefined;
  };
  return { ...rest, ...(mirror && { mirror: mirror.sum }) } as PlainData;
}

/** What a client remembers must be what its latest counted work left, whenever it trained and at the end. */
function wrongMemory(witness: Witness, client: ClientId, kept: PlainData | undefined): string[] {
  const ticketOf = (key: string) => Number(key.slice(client.length + 1));
  const keys = [...witness.trained.keys()].filter((key) => key.slice(0, key.lastIndexOf(' ')) === client);
  let remembered: PlainData | undefined;
  const found: string[] = [];
  for (const key of keys.sort((a, b) => ticketOf(a) - ticketOf(b))) {
    const { from, state } = witness.trained.get(key) as Trained;
    if (!same(from ?? {}, remembered ?? {})) found.push(`${key} was trained from something else than what counted`);
    if (witness.answers.get(key)) remembered = state;
  }
  if (!same(kept ?? {}, remembered ?? {})) found.push(`${client} keeps something else than what counted`);
  return found;
}

function wrongSums(
  round: number,
  sums: Readonly<Record<string, Int32Array | Float64Array>>,
  trained: readonly Trained[],
): string[] {
  const names = new Set([...Object.keys(sums), ...trained.flatMap(({ input = {} }) => Object.keys(input))]);
  return [...names].flatMap((name) => {
    const inputs = trained.map(({ input }) => input?.[name] ?? new Int32Array(0));
    const sum = sums[name] ?? new Int32Array(0);
    const right =
      sum.length > 0 && sum.every((value, i) => value === inputs.reduce((total, input) => total + input[i], 0));
    return right ? [] : [`round ${round}: the sum of ${name} is another than that of the acknowledged inputs`];
  });
}

function same(a: PlainData, b: PlainData): boolean {
  if (a instanceof Float32Array && b instanceof Float32Array)
    return a.length === b.length && a.every((x, i) => Object.is(x, b[i]));
  if (typeof a === 'number' || typeof b === 'number') return Object.is(a, b);
  const [first, second] = [a, b] as Readonly<Record<string, PlainData>>[];
  const names = Object.keys(first);
  return names.length === Object.keys(second).length && names.every((name) => same(first[name], second[name]));
}
