// The package as core's SecureAggregation: what a client holds a round against, and what survives a restart.
import type { Persist, SecureClient, SecureRound, SecureTerms } from '@fedkit/core/secure';
import { describe, expect, it } from 'vitest';
import { publicKeyOf, SecAggServer, secureAggregation, type SecureAggregationOptions } from '../src/index.ts';
import { Round, SEALING_KEY, Saves, configOf, ringOf } from './harness.ts';

const code = (name: string) => expect.objectContaining({ name: 'FedkitError', code: name });
const options: SecureAggregationOptions = { corruptFraction: 0.1, dropoutFraction: 0.3, sealingKey: SEALING_KEY };
const modelDigest = new Uint8Array(32).fill(5);
const vectors = {
  'sum:update': { length: 4, bound: 2 ** 11, bits: 12, wrapProbability: 1e-4 },
  weight: { length: 1, bound: 50 },
};
const round: SecureRound = {
  session: new Uint8Array(16).fill(1),
  round: 3,
  clients: 8,
  minimumClients: 4,
  modelDigest,
  vectors,
};
const terms: SecureTerms = { round: 3, minimumClients: 4, modelDigest, vectors };
const persist: Persist = async () => undefined;
const keeping = { persist, singleInstance: true };

/** Runs a round to its end, the server thrown away and restored between every two stages. */
async function run(aggregation: (id?: string) => ReturnType<typeof secureAggregation>, gone: readonly string[] = []) {
  const server = aggregation();
  const configuration = server.configure(round);
  const saves = new Saves();
  const ids = Array.from({ length: 8 }, (_, i) => `c${i}`);
  const savedOf = new Map<string, Saves>();
  const enter = (id: string): SecureClient => {
    const own = savedOf.get(id) ?? new Saves();
    savedOf.set(id, own);
    const saved = own.last === undefined ? {} : { saved: own.last };
    return aggregation(id).client({ id, configuration, terms, persist: own.persist, singleInstance: true, ...saved });
  };
  let machine = server.server({ configuration, persist: saves.persist });
  const stages: string[] = [];
  while (!machine.finished) {
    const { stage } = machine;
    stages.push(stage);
    if (stage === 'input') expect(machine.contributors).toEqual([]);
    for (const id of ids) {
      if (stage === 'input' && gone.includes(id)) continue;
      // Clients, too, are made anew from what they saved, before every message.
      const client = enter(id);
      const message = machine.messageFor(id);
      expect(message === undefined).toBe(stage === 'advertise');
      if (stage !== 'advertise' && message === undefined) continue;
      if (client.needsInput) client.setInput({ 'sum:update': Int32Array.of(1, -2, 3, -4), weight: Int32Array.of(7) });
      const answer = message === undefined ? await client.start() : await client.receive(message);
      await machine.receive(id, answer as Uint8Array);
      if (machine.waitingFor.every((waiting) => gone.includes(waiting)) && stage !== 'advertise') break;
    }
    expect(machine.opening).toBe(stage === 'input');
    if (machine.opening) expect(machine.contributors).toEqual(ids.filter((id) => !gone.includes(id)));
    await machine.advance();
    const before = new Map(ids.map((id) => [id, machine.messageFor(id)]));
    machine = server.server({ configuration, persist: saves.persist, saved: saves.last });
    for (const id of ids) expect(machine.messageFor(id)).toEqual(before.get(id));
    ids.splice(0, ids.length, ...ids.filter((id) => stage === 'advertise' || !gone.includes(id) || stage !== 'input'));
  }
  return { ...machine.result(), stages, clients: savedOf, configuration };
}

describe('secureAggregation', () => {
  it('seals a record behind its room, opens it, and refuses what is none', () => {
    const { sealer } = secureAggregation(options);
    const record = Uint8Array.of(1, 2, 3);
    const sealed = sealer.seal(record, 5);
    expect(sealed.subarray(0, 5)).toEqual(new Uint8Array(5));
    expect(sealer.open(sealed.subarray(5))).toEqual(record);
    expect(() => sealer.seal([1, 2, 3] as unknown as Uint8Array, 5)).toThrow(code('INVALID_ARGUMENT'));
  });

  it.each(['semi-honest', 'semi-malicious'] as const)('sums the survivors, %s, restarts included', async (mode) => {
    const { sums, survivors } = await run(() => secureAggregation({ ...options, mode }), ['c2']);
    expect(survivors).toEqual(['c0', 'c1', 'c3', 'c4', 'c5', 'c6', 'c7']);
    expect([...sums['sum:update']]).toEqual([7, -14, 21, -28]);
    expect([...sums.weight]).toEqual([49]);
  });

  it('against a malicious server clients sign, and a consistency round comes in between', async () => {
    const identityOf = (id: string) => ({ secretKey: new Uint8Array(32).fill(id.charCodeAt(1)) });
    const directory = (id: string) => publicKeyOf(identityOf(id));
    const make = (id?: string) =>
      secureAggregation({
        ...options,
        mode: 'malicious',
        directory,
        ...(id !== undefined && { identity: identityOf(id) }),
      });
    const { sums, stages } = await run(make);
    expect(stages).toEqual(['advertise', 'share', 'input', 'consistency', 'unmask']);
    expect([...sums.weight]).toEqual([56]);
  });

  it('opens no sum of fewer than the graph or the round allows', () => {
    const aggregation = secureAggregation(options);
    expect(() => aggregation.configure({ ...round, minimumClients: 9 })).toThrow(code('THRESHOLD_NOT_MET'));
    expect(() => aggregation.configure({ ...round, vectors: { x: { length: 2, bound: 2 ** 12, bits: 12 } } })).toThrow(
      code('OVERFLOW'),
    );
  });

  it('a client refuses a round that is not on its terms, by name', () => {
    const aggregation = secureAggregation(options);
    const configuration = aggregation.configure(round);
    const enter = (own: Partial<SecureTerms>, more: Partial<SecureAggregationOptions> = {}) =>
      secureAggregation({ ...options, ...more }).client({
        id: 'a',
        configuration,
        terms: { ...terms, ...own },
        ...keeping,
      });
    expect(enter({}).progress).toBe('open');
    expect(() => enter({ round: 4 })).toThrow(code('PROTOCOL_STATE'));
    expect(() => enter({ minimumClients: 7 })).toThrow(code('THRESHOLD_NOT_MET'));
    expect(() => enter({ modelDigest: new Uint8Array(32) })).toThrow(code('SHAPE_MISMATCH'));
    const { weight, 'sum:update': update } = vectors;
    for (const other of [
      { weight },
      { 'sum:update': update, weights: weight },
      { 'sum:update': { ...update, length: 5 }, weight },
      { 'sum:update': { ...update, bound: 1000 }, weight },
      { 'sum:update': { ...update, bits: 13 }, weight },
      { 'sum:update': { ...update, wrapProbability: 1e-6 }, weight },
      { 'sum:update': update, weight: { ...weight, bound: 49 } },
    ]) {
      expect(() => enter({ vectors: other })).toThrow(code('SHAPE_MISMATCH'));
    }
    expect(() => enter({}, { mode: 'semi-honest' })).toThrow(code('INVALID_ARGUMENT'));
    expect(() => enter({}, { suite: 'chacha20' })).toThrow(code('INVALID_ARGUMENT'));
    expect(() => enter({}, { corruptFraction: 0.6 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => enter({}, { policy: { minimumThreshold: 8 } })).toThrow(code('THRESHOLD_NOT_MET'));
    expect(() => enter({}, { identities: true })).toThrow(code('AUTHENTICATION_FAILED'));
    expect(() => enter({ maximumClients: 7 })).toThrow(code('OUT_OF_RANGE'));
    expect(() => enter({}, { graph: 'harary' })).toThrow(code('INVALID_ARGUMENT'));
    expect(() => enter({}, { policy: { maximumClients: 7 } })).toThrow(code('OUT_OF_RANGE'));
    expect(() => enter({}, { policy: { maximumDegree: 6 } })).toThrow(code('OUT_OF_RANGE'));
  });

  // The server writes `identities` into the configuration; what the client was made with must not fall away by it.
  it('a client that signs or knows the others refuses a round without signatures', () => {
    const configuration = secureAggregation(options).configure(round);
    const identity = { secretKey: new Uint8Array(32).fill(3) };
    const directory = () => publicKeyOf(identity);
    for (const own of [
      { identity },
      { directory },
      { identity, directory },
      { identities: true },
      { policy: { requireIdentities: true } },
      { identities: true, policy: { requireIdentities: false } },
      { identity, policy: { requireIdentities: false } },
    ]) {
      const aggregation = secureAggregation({ ...options, ...own });
      expect(() => aggregation.client({ id: 'a', configuration, terms, ...keeping })).toThrow(
        code('AUTHENTICATION_FAILED'),
      );
    }
    for (const own of [{ identity }, { directory }, { policy: { requireIdentities: true } }]) {
      expect(() => secureAggregation({ ...options, ...own, identities: false })).toThrow(code('INVALID_ARGUMENT'));
    }
  });

  it('a client that was not asked for less refuses a ring of the weaker guarantee', () => {
    const large = { ...round, clients: 1000, minimumClients: 400 };
    const weak = { ...options, dropoutFraction: 0.05, corruptFraction: 0.05, guarantee: 'one-sum' } as const;
    const configuration = secureAggregation(weak).configure(large);
    const few = { ...terms, minimumClients: 300 };
    const enter = (own: object) => () =>
      secureAggregation({ ...weak, ...own }).client({ id: 'a', configuration, terms: few, ...keeping });
    expect(enter({})().progress).toBe('open');
    expect(enter({ guarantee: 'cohort' })).toThrow(code('INVALID_ARGUMENT'));
    expect(enter({ guarantee: undefined })).toThrow(code('INVALID_ARGUMENT'));
  });

  it('takes an option without a value for none', () => {
    const policy = { modes: undefined, suites: undefined, graphs: undefined } as object;
    const aggregation = secureAggregation({ ...options, policy });
    const configuration = aggregation.configure(round);
    expect(aggregation.client({ id: 'a', configuration, terms, ...keeping }).progress).toBe('open');
  });

  it('refuses what are no options', () => {
    expect(() => secureAggregation(undefined as unknown as SecureAggregationOptions)).toThrow(code('INVALID_ARGUMENT'));
    expect(() => secureAggregation({ ...options, sealingKey: new Uint8Array(3) })).toThrow(code('SHAPE_MISMATCH'));
  });
});

describe.each([
  ['complete', configOf({ clients: 5, threshold: 3, minimumClients: 3 })],
  ['harary', ringOf(8, 4, 2)],
] as const)('a server of a %s graph', (_, config) => {
  it('gives every message of a stage again, after a restore too', async () => {
    const saves = new Saves();
    const parts = { config, sealingKey: SEALING_KEY, persist: saves.persist };
    const held = new Round(config, undefined, new SecAggServer(parts));
    while (held.server.stage !== 'finished') {
      // The last client falls silent before it masks: whom the others hear of depends on it.
      await held.step(held.server.stage === 'input' ? [held.ids[config.clients - 1]] : []);
      const restored = SecAggServer.restore({ ...parts, sealedState: saves.last });
      for (const server of [held.server, restored]) {
        for (const id of held.ids) expect(server.messageFor(id)).toEqual(held.sent.get(id));
        expect(server.messageFor('nobody')).toBeUndefined();
      }
    }
  });
});
