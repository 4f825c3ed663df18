/**
 * The devices: every user's half of a round, many to a thread.
 *
 * @module
 */
import { type ClientId, secureRng } from '@fedkit/core';
import type { ExchangingClient } from '@fedkit/core/pipeline';
import type { SecureClient } from '@fedkit/core/secure';
import type { Devices, Update } from './experiment.ts';

/** A message from or to one client. */
export type Mail = readonly [client: ClientId, bytes: Uint8Array];

/** What the server asks of the clients of one round, and what fate has in store for them. */
export interface RoundOrder {
  readonly round: number;
  readonly parameters: Uint8Array;
  readonly modelDigest: Uint8Array;
  readonly params: Float32Array;
  /** Clients that vanish before they send what they trained, and after. */
  readonly vanishing: { readonly before: readonly ClientId[]; readonly after: readonly ClientId[] };
  /** Whose true update is wanted for the report. No server could ask that. */
  readonly lookInto?: ClientId;
}

/** What a client did when it was asked something. */
export interface Answer {
  /** Its message; none where it has vanished or is done. */
  readonly mail?: Mail;
  /** Seconds it was at work. */
  readonly seconds: number;
  readonly trueUpdate?: Float32Array;
}

/** One thread's users over all rounds. */
export class Clients {
  readonly #devices: Devices;
  readonly #rng = secureRng();
  #order: RoundOrder | undefined;
  #machines = new Map<ClientId, { readonly machine: SecureClient; readonly half: ExchangingClient<Update> }>();
  #updates = new Map<ClientId, Update>();

  constructor(devices: Devices) {
    this.#devices = devices;
  }

  /** Begins a round; what the last one left is forgotten. */
  open(order: RoundOrder): void {
    this.#order = order;
    this.#machines = new Map();
    this.#updates = new Map();
    this.#devices.forget();
  }

  /** Trains a client, which then reports or enters the exchange. */
  async start(client: ClientId): Promise<Answer> {
    const began = performance.now();
    const order = this.#order as RoundOrder;
    const half = this.#devices.halfOf(client);
    half.check(order);
    const values = await this.#devices.train(client, order);
    this.#updates.set(client, values);
    let message: Uint8Array | undefined;
    if (half.sends === 'exchange') {
      // A device would write its sealed state down; these live and die with their process.
      const machine = half.enter(order, { client, persist: async () => {}, singleInstance: true });
      this.#machines.set(client, { machine, half });
      message = await machine.start();
    } else if (!order.vanishing.before.includes(client)) {
      message = half.encode(order, { values }, { rng: this.#rng, client }).bytes;
    }
    return {
      ...answerOf(client, message, began),
      ...(client === order.lookInto && { trueUpdate: values.update }),
    };
  }

  /** Hands a client the server's message; one that has vanished gives no answer. */
  async deliver([client, message]: Mail): Promise<Answer> {
    const began = performance.now();
    const order = this.#order as RoundOrder;
    const { before, after } = order.vanishing;
    const { machine, half } = this.#machines.get(client) as { machine: SecureClient; half: ExchangingClient<Update> };
    if (after.includes(client) && machine.progress === 'masked') return answerOf(client, undefined, began);
    if (machine.needsInput) {
      if (before.includes(client)) return answerOf(client, undefined, began);
      const values = this.#updates.get(client) as Update;
      machine.setInput(half.input(order, { values }, { rng: this.#rng, client }));
    }
    return answerOf(client, await machine.receive(message), began);
  }
}

function answerOf(client: ClientId, message: Uint8Array | undefined, began: number): Answer {
  return { seconds: (performance.now() - began) / 1000, ...(message && { mail: [client, message] }) };
}
