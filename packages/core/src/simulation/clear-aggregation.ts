/**
 * Secure aggregation's contract with everything in the clear: for simulations of what sums do, never for what they hide.
 *
 * @module
 */
import { checkInteger, refuse } from '../check.ts';
import type { ClientId } from '../aggregate/contract.ts';
import type {
  SecureAggregation,
  SecureClient,
  SecureInput,
  SecureRound,
  SecureServer,
  SecureSums,
  SecureVector,
} from '../secure/contract.ts';
import { utf8Decode, utf8Encode } from '../utf8.ts';

const NOTHING = new Uint8Array(0);

type Terms = Pick<SecureRound, 'minimumClients' | 'vectors'>;

/**
 * Sums integers in the clear, in the rings that a pipeline's vectors name: `secureSum` and `distributedDp` around it compute what
 * they would under `secureAggregation` of `@fedkit/secagg`, without its keys and masks. It protects nobody: the server sees
 * every input. For `simulate` and tests alone.
 */
export function clearAggregation(): SecureAggregation {
  return {
    kind: 'secure-aggregation',
    corruptFraction: 0,
    proven: ({ minimumClients }) => ({ inputs: minimumClients, honest: minimumClients }),
    sealer: { seal: afterRoom, open: (bytes) => bytes.slice() },
    configure: ({ minimumClients, vectors }) => utf8Encode(JSON.stringify({ minimumClients, vectors } satisfies Terms)),
    client: ({ terms }) => new ClearClient(terms.vectors),
    server: ({ configuration }) => new ClearServer(JSON.parse(utf8Decode(configuration)) as Terms),
  };
}

function afterRoom(bytes: Uint8Array, room: number): Uint8Array<ArrayBuffer> {
  const after = new Uint8Array(room + bytes.length);
  after.set(bytes, room);
  return after;
}

class ClearClient implements SecureClient {
  progress: SecureClient['progress'] = 'open';
  readonly #names: readonly string[];
  #input: SecureInput | undefined;

  constructor(vectors: Readonly<Record<string, SecureVector>>) {
    this.#names = Object.keys(vectors).sort();
  }

  get needsInput(): boolean {
    return this.#input === undefined;
  }

  start(): Promise<Uint8Array> {
    return Promise.resolve(NOTHING);
  }

  setInput(input: SecureInput): void {
    this.#input = input;
  }

  receive(): Promise<Uint8Array | undefined> {
    const input = this.#input;
    if (!input) return refuse('PROTOCOL_STATE', 'clearAggregation: client', 'its input', undefined);
    this.progress = 'finished';
    const all = Int32Array.from(this.#names.flatMap((name) => Array.from(input[name])));
    return Promise.resolve(new Uint8Array(all.buffer));
  }
}

class ClearServer implements SecureServer {
  readonly #terms: Terms;
  readonly #names: readonly string[];
  readonly #length: number;
  readonly #joined = new Set<ClientId>();
  readonly #inputs = new Map<ClientId, Int32Array>();
  #stage: 'joining' | 'summing' | 'finished' = 'joining';

  constructor(terms: Terms) {
    this.#terms = terms;
    this.#names = Object.keys(terms.vectors).sort();
    this.#length = this.#names.reduce((sum, name) => sum + terms.vectors[name].length, 0);
  }

  get stage(): string {
    return this.#stage;
  }

  get waitingFor(): readonly ClientId[] {
    return this.#stage === 'summing' ? [...this.#joined].filter((client) => !this.#inputs.has(client)) : [];
  }

  get ready(): boolean {
    const { size } = this.#stage === 'joining' ? this.#joined : this.#inputs;
    return size >= this.#terms.minimumClients;
  }

  get opening(): boolean {
    return this.#stage === 'summing';
  }

  get contributors(): readonly ClientId[] {
    return [...this.#inputs.keys()];
  }

  get finished(): boolean {
    return this.#stage === 'finished';
  }

  receive(client: ClientId, message: Uint8Array): Promise<void> {
    if (this.#stage === 'joining') this.#joined.add(client);
    else if (this.#stage === 'summing' && this.#joined.has(client)) {
      checkInteger('clearAggregation: input: bytes', message.length, 4 * this.#length, 4 * this.#length);
      this.#inputs.set(client, new Int32Array(message.slice().buffer));
    } else refuse('PROTOCOL_STATE', 'clearAggregation: message', 'a client of this stage', client);
    return Promise.resolve();
  }

  leave(client: ClientId): void {
    this.#joined.delete(client);
    this.#inputs.delete(client);
  }

  advance(): Promise<void> {
    if (!this.ready) refuse('THRESHOLD_NOT_MET', 'clearAggregation', `${this.#terms.minimumClients} clients`, 'fewer');
    this.#stage = this.#stage === 'joining' ? 'summing' : 'finished';
    return Promise.resolve();
  }

  messageFor(client: ClientId): Uint8Array | undefined {
    return this.#stage === 'summing' && this.#joined.has(client) ? NOTHING : undefined;
  }

  result(): SecureSums {
    if (!this.finished) return refuse('PROTOCOL_STATE', 'clearAggregation: result', 'a finished round', this.#stage);
    let at = 0;
    const sums = this.#names.map((name): [string, Float64Array] => {
      const { length, bits } = this.#terms.vectors[name];
      const start = at;
      at += length;
      return [name, Float64Array.from({ length }, (_, i) => this.#sum(start + i, bits))];
    });
    return { sums: Object.fromEntries(sums), survivors: this.contributors };
  }

  /** The sum of one entry, centered in its ring. */
  #sum(at: number, bits: number | undefined): number {
    let sum = 0;
    for (const input of this.#inputs.values()) sum += input[at];
    if (bits === undefined) return sum;
    const ring = 2 ** bits;
    return sum - ring * Math.floor(sum / ring + 0.5);
  }
}
