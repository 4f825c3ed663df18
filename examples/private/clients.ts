/**
 * The devices: every user's half of a round, many to a thread.
 *
 * @module
 */
import { type ClientId, type ExchangingClient, secureRng, type SecureClient } from '@fedkit/core';
import type { Devices, Update } from './experiment.ts';

/** A message from or to one client. */
export type Mail = readonly [client: ClientId, bytes: Uint8Array];

/** What the server asks of the clients of one round, and what fate has in store for them. */
export interface RoundOrder {
  readonly round: number;
  readonly parameters: Uint8Array;
  readonly modelDigest: Uint8Array;
  readonly params: Float32Array;
  readonly clients: readonly ClientId[];
  /** Clients that vanish before they send what they trained, and after. */
  readonly vanishing: { readonly before: readonly ClientId[]; readonly after: readonly ClientId[] };
  /** Whose true update is wanted for the report. No server could ask that. */
  readonly lookInto?: ClientId;
}

/** The clients' first messages. */
export interface RoundStart {
  readonly mail: readonly Mail[];
  readonly trueUpdate?: Float32Array;
  /** Seconds this thread was at work. */
  readonly seconds: number;
}

/** Clients' answers. */
export interface RoundAnswers {
  readonly mail: readonly Mail[];
  readonly seconds: number;
}

/** One thread's users over all rounds. */
export class Clients {
  readonly #devices: Devices;
  readonly #rng = secureRng();
  #order: RoundOrder | undefined;
  #machines = new Map<ClientId, { readonly machine: SecureClient; readonly half: ExchangingClient<Update> }>();
  #updates = new Map<ClientId, Float32Array>();

  constructor(devices: Devices) {
    this.#devices = devices;
  }

  /** Trains the clients of a round; each reports, or enters the exchange. */
  async start(order: RoundOrder): Promise<RoundStart> {
    const began = performance.now();
    this.#order = order;
    this.#machines = new Map();
    this.#updates = new Map();
    this.#devices.forget();
    const mail: Mail[] = [];
    for (const client of order.clients) {
      const half = this.#devices.halfOf(client);
      half.check(order);
      const values = await this.#devices.train(client, order);
      this.#updates.set(client, values.update);
      if (half.sends === 'exchange') {
        // A device would write its sealed state down; these live and die with their process.
        const machine = half.enter(order, { client, persist: async () => {} });
        this.#machines.set(client, { machine, half });
        mail.push([client, await machine.start()]);
      } else if (!order.vanishing.before.includes(client)) {
        mail.push([client, half.encode(order, { values }, { rng: this.#rng, client }).bytes]);
      }
    }
    const trueUpdate = order.lookInto === undefined ? undefined : this.#updates.get(order.lookInto);
    return { mail, ...(trueUpdate && { trueUpdate }), seconds: (performance.now() - began) / 1000 };
  }

  /** Hands clients the server's messages and gives their answers; who has vanished gives none. */
  async deliver(letters: readonly Mail[]): Promise<RoundAnswers> {
    const began = performance.now();
    const mail: Mail[] = [];
    const { vanishing } = this.#order as RoundOrder;
    for (const [client, message] of letters) {
      const { machine, half } = this.#machines.get(client) as { machine: SecureClient; half: ExchangingClient<Update> };
      if (vanishing.after.includes(client) && machine.progress === 'masked') continue;
      if (machine.needsInput) {
        if (vanishing.before.includes(client)) continue;
        const update = this.#updates.get(client) as Float32Array;
        machine.setInput(half.input(this.#order as RoundOrder, { values: { update } }, { rng: this.#rng, client }));
      }
      const answer = await machine.receive(message);
      if (answer !== undefined) mail.push([client, answer]);
    }
    return { mail, seconds: (performance.now() - began) / 1000 };
  }
}
