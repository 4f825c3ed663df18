/**
 * Bytes that somebody bent: whatever arrives, only FedkitErrors come of it, and the state stays as it was.
 */
import { commonRange, eden, topK } from '@fedkit/compression';
import {
  centralDp,
  distributedDp,
  fedAvg,
  isFedkitError,
  memoryStore,
  plainUpdates,
  scaffold,
  secureRng,
  secureSum,
  seededRng,
} from '@fedkit/core';
import type { ReportingClient, ReportingServer } from '@fedkit/core/pipeline';
import { privacyLedger, rdpAccountant } from '@fedkit/privacy';
import { describe, expect, it } from 'vitest';
import { aggregation, central, distributed } from './settings.ts';

const size = 20;
const modelDigest = new Uint8Array(32).fill(3);
/** Flips, cuts, grows, overwrites: one seeded mutation. */
function bent(bytes: Uint8Array, seed: number): Uint8Array {
  const rng = seededRng(seed);
  const copy = bytes.slice();
  switch (rng.below(4)) {
    case 0:
      copy[rng.below(copy.length)] ^= 1 << rng.below(8);
      return copy;
    case 1:
      return copy.subarray(0, rng.below(copy.length));
    case 2:
      return Uint8Array.from([...copy, rng.below(256)]);
    default: {
      const at = rng.below(copy.length);
      for (let i = at; i < Math.min(at + 8, copy.length); i++) copy[i] = rng.below(4) === 0 ? 255 : rng.below(256);
      return copy;
    }
  }
}

/** Whether the call went through; anything thrown but a FedkitError fails the test. */
function passes(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (!isFedkitError(error)) throw error;
    return false;
  }
}

const reporting = {
  'plain, streaming': plainUpdates({ algorithm: scaffold(), size }),
  'plain, eden': plainUpdates({ algorithm: scaffold(), size, codec: eden({ bits: 3 }) }),
  'plain, sparse with memory': plainUpdates({
    algorithm: scaffold(),
    size,
    codec: topK({ density: 0.2 }),
    clientMomentum: 0.5,
  }),
  central: centralDp({ ...central, algorithm: scaffold(), acceptDrift: true, size }),
};
const values = { update: new Float32Array(size).fill(0.1), control: new Float32Array(size).fill(-0.2) };

describe.each(Object.entries(reporting))('%s', (_, pipeline) => {
  const client: ReportingClient<typeof values> = pipeline.client();
  const server: ReportingServer<unknown> = pipeline.server();
  const parameters = server.announce({ round: 1, places: 8, modelDigest });
  const task = { round: 1, modelDigest, parameters };
  const encode = (id: string, memory?: Uint8Array) =>
    client.encode(task, { values, weight: 2 }, { rng: secureRng(), client: id, ...(memory && { memory }) });

  it('refuses bent reports, collector as before', () => {
    const collector = server.open({ round: 1, parameters });
    collector.accept('a', encode('a').bytes);
    let state = collector.serialize();
    let refused = 0;
    for (let seed = 0; seed < 150; seed++) {
      const report = bent(encode(`c${seed}`).bytes, seed);
      if (passes(() => collector.accept(`c${seed}`, report))) state = collector.serialize();
      else {
        refused++;
        expect(Buffer.from(collector.serialize()).equals(state)).toBe(true);
      }
    }
    expect(refused).toBeGreaterThan(50);
    expect(() => collector.accept('a', encode('a').bytes)).toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
    expect(() => collector.accept('b', encode('b').bytes.subarray(0, 3))).toThrow(
      expect.objectContaining({ code: 'DECODE_FAILED' }),
    );
    collector.accept('b', encode('b').bytes);
  });

  it('refuses bent parameters, states and memories', () => {
    const collector = server.open({ round: 1, parameters });
    const first = encode('a');
    collector.accept('a', first.bytes);
    const saved = collector.serialize();
    for (let seed = 0; seed < 150; seed++) {
      passes(() => client.check({ ...task, parameters: bent(parameters, seed) }));
      passes(() => server.open({ round: 1, parameters, saved: bent(saved, seed) }));
      if (first.memory !== undefined) passes(() => encode('a', bent(first.memory as Uint8Array, seed)));
    }
    expect(() => client.check({ ...task, round: 2 })).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });
});

const exchanging = {
  'secure sum': secureSum({
    algorithm: fedAvg(),
    size,
    codec: commonRange({ bits: 24, range: 1, contributors: 8 }),
    aggregation,
    minimumContributors: 4,
    maximumWeight: 10,
  }),
  'distributed noise': distributedDp({ ...distributed, size }),
};

describe.each(Object.entries(exchanging))('%s', (_, pipeline) => {
  const client = pipeline.client();
  const server = pipeline.server();
  const parameters = server.announce({ round: 1, places: 8, modelDigest });
  const task = { round: 1, modelDigest, parameters };

  it('refuses bent parameters before anything secret exists', () => {
    for (let seed = 0; seed < 400; seed++) {
      const other = { ...task, parameters: bent(parameters, seed) };
      const entered = passes(() =>
        client.enter(other, { client: 'a', persist: async () => undefined, singleInstance: true }),
      );
      expect(passes(() => client.check(other))).toBe(entered);
    }
  });

  it('refuses the parameters of another pipeline, round and model', () => {
    const foreign = Object.values(exchanging).find((other) => other !== pipeline) as typeof pipeline;
    const theirs = foreign.server().announce({ round: 1, places: 8, modelDigest });
    expect(() => client.check({ ...task, parameters: theirs })).toThrow(/parameters of/);
    expect(() => client.check({ ...task, round: 2 })).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
    expect(() => client.check({ ...task, modelDigest: new Uint8Array(32) })).toThrow(
      expect.objectContaining({ code: 'SHAPE_MISMATCH' }),
    );
  });

  it('refuses contributions that are not of it', () => {
    const options = { rng: secureRng(), client: 'a' };
    const good = { update: new Float32Array(size) };
    client.input(task, { values: good, weight: 3 }, options);
    const bad: [unknown, string][] = [
      [{ update: new Float32Array(size - 1) }, 'SHAPE_MISMATCH'],
      [{ update: new Float32Array(size).fill(Number.NaN) }, 'OUT_OF_RANGE'],
      [{ ...good, more: 1 }, 'SHAPE_MISMATCH'],
      [{}, 'SHAPE_MISMATCH'],
      [null, 'INVALID_ARGUMENT'],
    ];
    for (const [update, code] of bad) {
      expect(() => client.input(task, { values: update as typeof good }, options)).toThrow(
        expect.objectContaining({ name: 'FedkitError', code }),
      );
    }
  });
});

it('secureSum counts whole weights up to its largest, and no others', () => {
  const pipeline = exchanging['secure sum'];
  const parameters = pipeline.server().announce({ round: 1, places: 8, modelDigest });
  const input = (weight: number) =>
    pipeline
      .client()
      .input(
        { round: 1, modelDigest, parameters },
        { values: { update: new Float32Array(size) }, weight },
        { rng: secureRng(), client: 'a' },
      );
  expect([...input(7).weight]).toEqual([7]);
  expect([...input(1000).weight]).toEqual([10]);
  for (const weight of [0, -1, 0.5, Number.NaN]) {
    expect(() => input(weight)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  }
});

it('a ledger that fails to store releases nothing', async () => {
  let full = false;
  const store = memoryStore();
  const recipients = await privacyLedger({
    store: { ...store, put: (key, bytes) => (full ? Promise.reject(new Error('full')) : store.put(key, bytes)) },
    run: 'test',
    unit: 'user',
    budget: { epsilon: 10, delta: 1e-5 },
    accountant: () => rdpAccountant({ neighboring: 'add-or-remove' }),
  });

  const pipeline = centralDp({ ...central, size, filters: { recipients } });
  const server = pipeline.server();
  const parameters = server.announce({ round: 1, places: 8, modelDigest });
  const collector = server.open({ round: 1, parameters });
  const report = pipeline
    .client()
    .encode(
      { round: 1, modelDigest, parameters },
      { values: { update: new Float32Array(size) } },
      { rng: secureRng(), client: 'a' },
    );
  collector.accept('a', report.bytes);
  const facts = { round: 1, scheme: { kind: 'none' }, population: 8 } as const;
  full = true;
  await expect(collector.close(facts)).rejects.toThrow('full');
  expect(recipients.charged(1)).toEqual([]);
  full = false;
  await collector.close(facts);
  expect(recipients.charged(1)).toHaveLength(1);
});
