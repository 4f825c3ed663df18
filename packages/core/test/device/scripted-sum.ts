import { sha256 } from '@noble/hashes/sha2.js';
import { fedAvg } from '../../src/algorithm/fed-avg.ts';
import { FedkitError } from '../../src/errors.ts';
import { encodeState } from '../../src/model/state-file.ts';
import type { Pipeline } from '../../src/pipeline/contract.ts';
import { secureRng } from '../../src/random.ts';
import { stateOwner } from '../../src/protocol/broadcast.ts';
import type { Request, Response } from '../../src/protocol/message.ts';
import { decodeRequest, encodeResponse } from '../../src/protocol/server-message.ts';
import type { ClientPersist, SecureClient, SecureInput, Sealer } from '../../src/secure/contract.ts';
import { secureKeeping } from '../../src/secure/keeping.ts';
import type { RequestHandler } from '../../src/protocol/exchange.ts';
import { utf8Decode, utf8Encode } from '../../src/utf8.ts';

const DIGEST = new Uint8Array(32).fill(9);

type Saved = { progress: SecureClient['progress']; mask: number[]; answers: [string, number[]][] };

/**
 * The least that has a secure client's shape: it starts with a random key, masks its input with a random mask, and gives
 * the mask away when asked. Every answer is random, so that one that is made twice is seen.
 */
class ScriptedClient implements SecureClient {
  #saved: Saved;
  #input: SecureInput | undefined;
  readonly #persist: ClientPersist;

  constructor(persist: ClientPersist, saved?: Uint8Array) {
    this.#persist = persist;
    this.#saved = saved ? JSON.parse(utf8Decode(saved)) : { progress: 'open', mask: [], answers: [] };
  }

  get progress(): SecureClient['progress'] {
    return this.#saved.progress;
  }

  get needsInput(): boolean {
    return this.#saved.answers.length === 1;
  }

  start(): Promise<Uint8Array> {
    return this.#answer('', () => [{}, [1, ...random(8)]]) as Promise<Uint8Array>;
  }

  setInput(input: SecureInput): void {
    if (this.#input || this.progress !== 'open') throw new FedkitError('PROTOCOL_STATE', 'input twice');
    this.#input = input;
  }

  receive(message: Uint8Array): Promise<Uint8Array | undefined> {
    const text = utf8Decode(message);
    return this.#answer(text, () => {
      if (text.startsWith('mask')) {
        if (!this.#input) throw new FedkitError('PROTOCOL_STATE', 'no input');
        const mask = random(1);
        return [{ progress: 'masked', mask }, [2, (this.#input.update[0] + mask[0]) & 0xff]];
      }
      if (text.startsWith('abort')) return [{ progress: 'aborted', mask: [] }, undefined];
      if (!text.startsWith('open')) throw new FedkitError('THRESHOLD_NOT_MET', 'too few');
      return [{ progress: 'finished' }, [3, ...this.#saved.mask]];
    });
  }

  async #answer(request: string, make: () => [Partial<Saved>, number[] | undefined]): Promise<Uint8Array | undefined> {
    const known = this.#saved.answers.find(([asked]) => asked === request);
    if (known) return Uint8Array.from(known[1]);
    const [change, answer] = make();
    const next: Saved = {
      ...this.#saved,
      ...change,
      answers: answer ? [...this.#saved.answers, [request, answer]] : this.#saved.answers,
    };
    await this.#persist(utf8Encode(JSON.stringify(next)), undefined, next.progress);
    this.#saved = next;
    return answer && Uint8Array.from(answer);
  }
}

/** Hides bytes and nothing more. */
export const sealer: Sealer = {
  seal: (bytes, room) => Uint8Array.from([...new Uint8Array(room), ...bytes.map((byte, i) => byte ^ (0x35 + 7 * i))]),
  open: (bytes) => bytes.map((byte, i) => byte ^ (0x35 + 7 * i)),
};

function random(count: number): number[] {
  return [...secureRng().fill(new Uint8Array(count))];
}

/** One client's secure sum with a model of one parameter: what it sends is its update as an integer. */
export class ScriptedSum implements RequestHandler {
  readonly algorithm: ReturnType<typeof fedAvg> = fedAvg();
  readonly pipeline: Pipeline<never, { params: Float32Array }, never, { update: Float32Array }, never> = {
    kind: 'secure-sum',
    algorithm: this.algorithm,
    size: 1,
    digest: DIGEST,
    client: () => ({
      sends: 'exchange',
      check: () => undefined,
      input: (_task: unknown, { values }: { values: { update: Float32Array } }) => ({
        update: Int32Array.of(values.update[0]),
      }),
      enter: (_task: unknown, { persist, saved }: { persist: ClientPersist; saved?: Uint8Array }) =>
        new ScriptedClient(persist, saved),
      sealer,
      keeping: secureKeeping,
    }),
    server: () => {
      throw new Error('not in these tests');
    },
  } as never;
  /** What the server asks after each answer, by the answer's first byte; `undefined`: it is finished. */
  script: Record<number, string | undefined> = { 1: 'mask', 2: 'open' };
  counted = true;
  /** Different answers by their first byte. */
  readonly answers: Map<number, Set<string>> = new Map();
  readonly requests: Request[] = [];
  intercept: (request: Request) => Response | undefined = () => undefined;
  #stage = 0;
  #over = false;

  /** The sum, once it is opened. */
  get sum(): number {
    const [[masked]] = this.#of(2);
    const [[mask]] = this.#of(3);
    return ((masked - mask) << 24) >> 24;
  }

  #of(kind: number): number[][] {
    return [...(this.answers.get(kind) ?? [])].map((text) => text.split(',').slice(1).map(Number));
  }

  async handle(_client: string, bytes: Uint8Array): Promise<Uint8Array> {
    const request = decodeRequest(bytes.slice());
    this.requests.push(request);
    return encodeResponse(this.intercept(request) ?? this.answer(request));
  }

  answer(request: Request): Response {
    const broadcast = encodeState({ params: Float32Array.of(0) }, stateOwner({ algorithm: this.algorithm, size: 1 }));
    switch (request.kind) {
      case 'join':
        if (this.#over) return { kind: 'closed' };
        return {
          kind: 'task',
          task: {
            run: new Uint8Array(16),
            round: 1,
            ticket: 5,
            modelDigest: sha256(broadcast),
            modelLength: broadcast.length,
            pipelineDigest: DIGEST,
            parameters: new Uint8Array(0),
            expiresIn: 0,
          },
        };
      case 'model':
        return {
          kind: 'part',
          total: broadcast.length,
          offset: request.offset,
          bytes: broadcast.subarray(request.offset),
        };
      case 'exchange': {
        const { message, ticket } = request;
        if (message) {
          const kind = message[0];
          this.answers.set(kind, (this.answers.get(kind) ?? new Set()).add(message.join()));
          // A message of an earlier stage is refused, as a strict server would.
          if (kind < this.#stage) return { kind: 'refused', code: 'PROTOCOL_STATE', message: 'that was before' };
          this.#stage = kind;
        }
        const next = this.script[this.#stage];
        if (next !== undefined) return { kind: 'message', bytes: utf8Encode(next) };
        if (this.#stage === 0) return { kind: 'wait', milliseconds: 10 };
        this.#over = true;
        return { kind: 'finished', ticket, counted: this.counted };
      }
      case 'leave':
      case 'decline':
        this.#over = true;
        return { kind: 'left', ticket: request.ticket };
      case 'report':
      case 'outcome':
      case 'terms':
      case 'published':
        return { kind: 'refused', code: 'PROTOCOL_STATE', message: 'not here' };
    }
  }
}
