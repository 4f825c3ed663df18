/**
 * What secure aggregation is to the rest of the house. `@fedkit/secagg` implements it.
 *
 * @module
 */
import type { ClientId } from '../aggregate/contract.ts';

/** One named vector of a secure sum. */
export interface SecureVector {
  /** Entries, ≥ 1. */
  readonly length: number;
  /** Entries are integers in [−bound, bound]. */
  readonly bound: number;
  /** Width of the ring where a codec or mechanism fixes it; otherwise the narrowest that cannot wrap. */
  readonly bits?: number;
  /** For vectors that may wrap by design: the probability, by the codec's or mechanism's own argument, that a sum does. */
  readonly wrapProbability?: number;
}

/** One round's terms: the server states them, every client holds its own against them. */
export interface SecureRound {
  /** 16 bytes, fresh for each round: two rounds of one session never share a key. */
  readonly session: Uint8Array;
  readonly round: number;
  /** Places; clients that never come count as dropped. */
  readonly clients: number;
  /** A sum of fewer inputs is not opened. */
  readonly minimumClients: number;
  /** 32 bytes: what the inputs were computed from. */
  readonly modelDigest: Uint8Array;
  readonly vectors: Readonly<Record<string, SecureVector>>;
}

/** What a client insists on in a round that the server proposes. */
export interface SecureTerms {
  readonly round: number;
  /** The fewest inputs it lets be summed: the noise of fewer would not cover what the client was promised. */
  readonly minimumClients: number;
  /**
   * The fewest honest inputs that are proved to be in every sum a server can open: what noise in shares was sized for. Absent
   * where nothing rests on it.
   */
  readonly minimumHonest?: number;
  /** The most places of a round, where rings and noise were sized for so many. */
  readonly maximumClients?: number;
  readonly modelDigest: Uint8Array;
  /** Exactly these vectors, of these lengths, bounds, rings and wrap probabilities. */
  readonly vectors: Readonly<Record<string, SecureVector>>;
}

/** What holds for every sum that a server can open. */
export interface ProvenInputs {
  /** Inputs in it, at least, of whomever. */
  readonly inputs: number;
  /** Inputs of clients that are not in league with the server, at least. */
  readonly honest: number;
}

/** Where a server's sealed state is kept; awaited before any message leaves. */
export type Persist = (sealedState: Uint8Array) => Promise<void>;

/** Where a client stands; `finished` and `aborted` are the ends. From `masked` on its input is no longer needed. */
export type SecureProgress = 'open' | 'masked' | 'finished' | 'aborted';

/**
 * Where a client's sealed state is kept; awaited before any answer leaves.
 *
 * @param previousDigest - SHA-256 of the state that this one replaces; `undefined` for the first.
 * @param progress - Where the client stands once this state is kept.
 */
export type ClientPersist = (
  sealedState: Uint8Array,
  previousDigest: Uint8Array | undefined,
  progress: SecureProgress,
) => Promise<void>;

/** The same in a store that notices a second instance of a client. */
export interface ClientSwap {
  /**
   * Keeps the state if what is kept has the digest `previousDigest`, or if nothing is kept and it is `undefined`: in one step,
   * whoever else tries.
   *
   * @returns false where something else is kept, and then nothing has changed.
   */
  compareAndSwap(...save: Parameters<ClientPersist>): Promise<boolean>;
}

/** How a client's state is kept. */
export interface SecureClientKeeping {
  readonly persist: ClientPersist | ClientSwap;
  /** Needed where `persist` swaps nothing: the caller answers for it that no other instance goes on from the same state. */
  readonly singleInstance?: boolean;
  /** What `persist` was last given. */
  readonly saved?: Uint8Array;
}

/** Seals what a client keeps under a key of its own. */
export interface Sealer {
  /** @param room - So many bytes stay free before what is sealed, in the array that is returned. */
  seal(bytes: Uint8Array, room: number): Uint8Array<ArrayBuffer>;
  /** @throws FedkitError `AUTHENTICATION_FAILED` for what was not sealed under this key. */
  open(sealed: Uint8Array): Uint8Array;
}

/** A client's input: integers by vector. */
export type SecureInput = Readonly<Record<string, Int32Array>>;

/** One client in one round: a message in, at most one message out. The same request gets the same bytes, ever after. */
export interface SecureClient {
  readonly progress: SecureProgress;
  /** The first message; again on every call. */
  start(): Promise<Uint8Array>;
  /** Whether the next message needs the input set. */
  readonly needsInput: boolean;
  setInput(input: SecureInput): void;
  /** `undefined` after the server's abort. Refuses, state as before, what `SecAggClient.receive` refuses. */
  receive(message: Uint8Array): Promise<Uint8Array | undefined>;
}

/** What a finished round gives. */
export interface SecureSums {
  readonly sums: Readonly<Record<string, Int32Array | Float64Array>>;
  /** Whose inputs are in the sums. */
  readonly survivors: readonly ClientId[];
}

/** A client that did not follow the protocol, by its own contradiction or by what no honest client sends. */
export interface Blame {
  readonly client: ClientId;
  /** What it did: dealt a share that is none, or released another than it was dealt. */
  readonly as: 'dealer' | 'holder';
}

/** The server of one round. Messages that are not taken change nothing. */
export interface SecureServer {
  /** Name of the stage; another after every `advance`. */
  readonly stage: string;
  /** Clients whose message of this stage has not come and who have not left; empty in the first stage, where anyone may come. */
  readonly waitingFor: readonly ClientId[];
  /** Whether `waitingFor` has a client, without the list: asked after every message. By default the list is looked through. */
  awaits?(client: ClientId): boolean;
  /** Whether `advance` has what it needs. */
  readonly ready: boolean;
  /** Whether the next `advance` fixes whose inputs are summed, after which the sum can be opened: the last moment to stop. */
  readonly opening: boolean;
  /** Whose inputs are in the sum, as far as they have come. */
  readonly contributors: readonly ClientId[];
  readonly finished: boolean;
  receive(client: ClientId, message: Uint8Array): Promise<void>;
  leave(client: ClientId): void;
  /** Ends the stage; from now on {@link SecureServer.messageFor} gives the next messages. */
  advance(): Promise<void>;
  /** What `client` is to be sent in this stage, again on every call and after a restore; `undefined` if nothing. */
  messageFor(client: ClientId): Uint8Array | undefined;
  /** @throws FedkitError `PROTOCOL_STATE` before the round is finished. */
  result(): SecureSums;
  /**
   * Once unmasking has come to its end, well or not: questions to those of whom one must have cheated, by client; answers go to
   * `receive`. None where nobody is suspected, and once answers were kept. After a restore the same are asked again.
   */
  askOpenings?(): ReadonlyMap<ClientId, Uint8Array>;
  /** Ends the questions: what was answered is in the saved state from now on, and with it who is blamed. */
  keepOpenings?(): Promise<void>;
  /** Who is proved to have cheated by what has come so far. */
  readonly blamed?: readonly Blame[];
}

/** Secure aggregation as one object: how rounds are set up, and its two halves. */
export interface SecureAggregation {
  readonly kind: 'secure-aggregation';
  /** γ: the fraction of a round's places whose clients may be in league with the server, in [0, 1). */
  readonly corruptFraction: number;
  /**
   * What is proved of every sum that a server can open in such a round, whatever it tells whom.
   *
   * @throws FedkitError as `configure` does.
   */
  proven(round: Pick<SecureRound, 'clients' | 'minimumClients'>): ProvenInputs;
  /** For what a client keeps besides the state of its secure client: inputs above all. */
  readonly sealer: Sealer;
  /**
   * The round's configuration as bytes, for every party.
   *
   * @throws FedkitError `OVERFLOW`, `INVALID_ARGUMENT`, `OUT_OF_RANGE` where no such round can be.
   */
  configure(round: SecureRound): Uint8Array;
  /**
   * A client, from the server's configuration or from what it saved.
   *
   * @throws FedkitError by name for a round that this client refuses, before anything secret exists.
   */
  client(
    options: SecureClientKeeping & {
      readonly id: ClientId;
      readonly configuration: Uint8Array;
      readonly terms: SecureTerms;
    },
  ): SecureClient;
  /** The server, from the start or from what it saved. */
  server(options: {
    readonly configuration: Uint8Array;
    readonly persist: Persist;
    readonly saved?: Uint8Array;
  }): SecureServer;
}
