import { sha256 } from '@noble/hashes/sha2.js';
import type { ClientId, Contribution, Update } from '../../src/aggregate/contract.ts';
import type { Algorithm } from '../../src/algorithm/contract.ts';
import { FedkitError } from '../../src/errors.ts';
import { decodeState, encodeState } from '../../src/model/state-file.ts';
import type { Pipeline, ReportingPipeline } from '../../src/pipeline/contract.ts';
import type { PlainData } from '../../src/plain-data.ts';
import { stateOwner } from '../../src/protocol/broadcast.ts';
import type { Request, Response, RoundTask } from '../../src/protocol/message.ts';
import { decodeRequest, encodeResponse } from '../../src/protocol/server-message.ts';
import type { RequestHandler } from '../../src/protocol/exchange.ts';

const PIPELINE = new Uint8Array(32).fill(7);
/** Coordinates are sent on this grid; the rest is the client's residual. */
const GRID = 4;

/** Rounds an update to the grid and remembers what is left: error feedback, in exact arithmetic. */
export function coarse<S extends PlainData, B extends PlainData, C extends PlainData, U extends Update>(
  algorithm: Algorithm<S, B, C, U, PlainData>,
  size: number,
): ReportingPipeline<S, B, C, U, PlainData> {
  const pipeline = {
    kind: 'plain-updates',
    algorithm,
    size,
    digest: PIPELINE,
    client: () => ({
      sends: 'report',
      check(task: { parameters: Uint8Array }) {
        if (task.parameters.length > 0) throw new FedkitError('THRESHOLD_NOT_MET', 'expected other terms');
      },
      encode(_task: unknown, { values }: Contribution<U>, { memory }: { memory?: Uint8Array }) {
        const owed = memory ? new Float32Array(memory.slice().buffer) : new Float32Array(size);
        const update = values.update as Float32Array;
        const sent = update.map((value, i) => Math.round((value + owed[i]) / GRID) * GRID);
        const rest = update.map((value, i) => value + owed[i] - sent[i]);
        const counted = { ...values, update: sent };
        return {
          bytes: encodeState(counted, OWNER),
          memory: new Uint8Array(rest.buffer),
          counted: () => counted,
        };
      },
    }),
    server: () => {
      throw new Error('not in these tests');
    },
  };
  return pipeline as unknown as ReportingPipeline<S, B, C, U, PlainData>;
}

const OWNER = { kind: 'report', model: '' };

/** A server that folds every report by itself as one client of `population`: one step each, so that sums are exact. */
export class ScriptedServer<S extends PlainData, B extends PlainData, C extends PlainData, U extends Update>
  implements RequestHandler
{
  readonly run: Uint8Array = new Uint8Array(16).fill(1);
  readonly pipeline: Pipeline<S, B, C, U, PlainData>;
  readonly population: number;
  /** Tickets to issue before the run is over. */
  tickets: number;
  chunk = 100;
  state: S;
  /** Told of every request that arrives; may answer in the server's place. */
  intercept: (client: ClientId, request: Request) => Response | undefined = () => undefined;
  /** What came, by ticket: each different report once. */
  readonly reports: Map<number, Uint8Array[]> = new Map();
  readonly outcomes: Map<number, 'accepted' | 'late'> = new Map();
  readonly owners: Map<number, ClientId> = new Map();
  readonly #open = new Map<ClientId, { task: RoundTask; broadcast: Uint8Array }>();
  readonly #models = new Map<string, Uint8Array>();
  #issued = 0;

  constructor(pipeline: Pipeline<S, B, C, U, PlainData>, initial: Float32Array, population: number, tickets: number) {
    this.pipeline = pipeline;
    this.population = population;
    this.tickets = tickets;
    this.state = pipeline.algorithm.init(initial);
  }

  async handle(client: ClientId, bytes: Uint8Array): Promise<Uint8Array> {
    const request = decodeRequest(bytes.slice());
    return encodeResponse(this.intercept(client, request) ?? this.answer(client, request));
  }

  answer(client: ClientId, request: Request): Response {
    switch (request.kind) {
      case 'join':
        return this.#join(client);
      case 'model': {
        const model = this.#models.get(request.digest.join());
        if (!model) return { kind: 'refused', code: 'PROTOCOL_STATE', message: 'no such model' };
        const { offset } = request;
        return { kind: 'part', total: model.length, offset, bytes: model.subarray(offset, offset + this.chunk) };
      }
      case 'report':
        return { kind: this.#report(client, request.ticket, request.bytes), ticket: request.ticket };
      case 'outcome':
        return {
          kind: 'finished',
          ticket: request.ticket,
          counted: this.outcomes.get(request.ticket) === 'accepted',
        };
      case 'leave':
      case 'decline':
        this.void(request.ticket);
        return { kind: 'left', ticket: request.ticket };
      default:
        return { kind: 'refused', code: 'PROTOCOL_STATE', message: 'not here' };
    }
  }

  /** Ends a ticket: whatever still comes for it is late. */
  void(ticket: number): void {
    const client = this.owners.get(ticket) as ClientId;
    if (!this.outcomes.has(ticket)) this.outcomes.set(ticket, 'late');
    if (this.#open.get(client)?.task.ticket === ticket) this.#open.delete(client);
  }

  /** The ticket that `client` is at work on. */
  openTicket(client: ClientId): number | undefined {
    return this.#open.get(client)?.task.ticket;
  }

  #join(client: ClientId): Response {
    const open = this.#open.get(client);
    if (open) return { kind: 'task', task: open.task };
    if (this.#issued >= this.tickets) return { kind: 'closed' };
    const { algorithm, digest } = this.pipeline;
    const broadcast = encodeState(algorithm.broadcast(this.state), stateOwner(this.pipeline));
    const ticket = ++this.#issued;
    const task: RoundTask = {
      run: this.run,
      round: ticket,
      ticket,
      modelDigest: sha256(broadcast),
      modelLength: broadcast.length,
      pipelineDigest: digest,
      parameters: new Uint8Array(0),
      expiresIn: 0,
    };
    this.#models.set(task.modelDigest.join(), broadcast);
    this.#open.set(client, { task, broadcast });
    this.owners.set(ticket, client);
    return { kind: 'task', task };
  }

  #report(client: ClientId, ticket: number, bytes: Uint8Array): 'accepted' | 'late' {
    const seen = this.reports.get(ticket) ?? [];
    if (!seen.some((other) => other.join() === bytes.join())) seen.push(bytes);
    this.reports.set(ticket, seen);
    const outcome = this.outcomes.get(ticket);
    if (outcome) return outcome;
    const { algorithm, size } = this.pipeline;
    const rule = algorithm.aggregator(size);
    const folded = rule.create();
    rule.accumulate(folded, { client, values: decodeState(bytes, OWNER) as U });
    const info = { round: ticket, cohort: 1, population: this.population };
    this.state = algorithm.serverStep(this.state, rule.finalize(folded), info);
    rule.dispose(folded);
    this.outcomes.set(ticket, 'accepted');
    this.#open.delete(client);
    return 'accepted';
  }

  /** Σ of the updates that `client` sent and that count. */
  counted(client: ClientId): Float32Array {
    const sum = new Float32Array(this.pipeline.size);
    for (const [ticket, outcome] of this.outcomes) {
      if (outcome !== 'accepted' || this.owners.get(ticket) !== client) continue;
      const { update } = decodeState((this.reports.get(ticket) as Uint8Array[])[0], OWNER) as { update: Float32Array };
      for (let i = 0; i < sum.length; i++) sum[i] += update[i];
    }
    return sum;
  }
}
