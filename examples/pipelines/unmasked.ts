/**
 * A secure aggregation without masks, for tests of what surrounds one: the same stages, none of the protection, none of the
 * cost.
 *
 * @module
 */
import { type ClientId, FedkitError, type SecureAggregation } from '@fedkit/core';
import type { SecureRound, SecureSums } from '@fedkit/core/secure';

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const decode = <T>(bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as T;
const stages = ['advertise', 'input', 'unmask', 'finished'] as const;

/** Sums in the clear, modulo each vector's ring. */
export const unmasked: SecureAggregation = {
  kind: 'secure-aggregation',
  corruptFraction: 0,
  proven: ({ minimumClients }) => ({ inputs: minimumClients, honest: minimumClients }),
  sealer: { seal: (bytes) => bytes.slice(), open: (sealed) => sealed.slice() },
  configure: ({ clients, minimumClients, vectors }) => encode({ clients, minimumClients, vectors }),
  client({ id, configuration, terms }) {
    const round = decode<Pick<SecureRound, 'minimumClients' | 'vectors'>>(configuration);
    if (round.minimumClients < terms.minimumClients) throw new FedkitError('THRESHOLD_NOT_MET', 'unmasked: too few');
    let input: Record<string, number[]> | undefined;
    let stage = 0;
    return {
      get progress() {
        return stage < 1 ? 'open' : stage < 2 ? 'masked' : 'finished';
      },
      get needsInput() {
        return input === undefined;
      },
      start: async () => encode(id),
      setInput(vectors) {
        input = Object.fromEntries(Object.entries(vectors).map(([name, values]) => [name, [...values]]));
      },
      receive: async (message) => encode(decode<number>(message) === 1 && ++stage ? input : null),
    };
  },
  server({ configuration }) {
    const round = decode<Pick<SecureRound, 'minimumClients' | 'vectors'>>(configuration);
    const heard = new Set<ClientId>();
    const inputs = new Map<ClientId, Record<string, number[]>>();
    let stage = 0;
    return {
      get stage() {
        return stages[stage];
      },
      waitingFor: [],
      get ready() {
        return stage !== 1 || inputs.size >= round.minimumClients;
      },
      get opening() {
        return stage === 1;
      },
      get contributors() {
        return [...inputs.keys()];
      },
      get finished() {
        return stage === 3;
      },
      async receive(client, message) {
        heard.add(client);
        if (stage === 1) inputs.set(client, decode(message));
      },
      leave: () => undefined,
      async advance() {
        if (!this.ready) throw new FedkitError('THRESHOLD_NOT_MET', 'unmasked: too few');
        stage++;
      },
      messageFor: (client) => (heard.has(client) && stage < 3 ? encode(stage) : undefined),
      result(): SecureSums {
        const sums = Object.entries(round.vectors).map(([name, { length, bits = 52 }]) => {
          const ring = 2 ** bits;
          const sum = new Float64Array(length);
          for (const one of inputs.values()) one[name].forEach((value, i) => (sum[i] += value));
          return [name, sum.map((value) => value - ring * Math.floor(value / ring + 0.5))] as const;
        });
        return { sums: Object.fromEntries(sums), survivors: [...inputs.keys()] };
      },
    };
  },
};
