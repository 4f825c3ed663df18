// Research group 5: a server that proposes a weak round, and parameters that change under way.
import { secureRng, seededRng } from '@fedkit/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type ClientPolicy,
  type RoundConfig,
  SecAggClient,
  checkPolicy,
  checkRoundConfig,
  decodeRoundConfig,
  encodeRoundConfig,
  provenCohort,
  roundConfig,
  roundConfigDigest,
} from '../src/index.ts';
import { acceptingPolicy } from '../src/testing/index.ts';
import { Round, clientOptions, configOf, ringOf } from './harness.ts';

const strong = configOf({ clients: 20, threshold: 14, minimumClients: 15, mode: 'semi-malicious' });
const policy: ClientPolicy = {
  minimumClients: 12,
  minimumThreshold: 10,
  maximumEntries: 100,
  modes: ['semi-malicious'],
  suites: ['aes-128-ctr'],
  corruptFraction: 0.2,
  modelDigest: new Uint8Array(32).fill(7),
};

function propose(config: RoundConfig, terms: ClientPolicy = policy): () => SecAggClient {
  return () => new SecAggClient(clientOptions(config, 'c0', { policy: terms }));
}

describe('the policy', () => {
  it('accepts a round within it', () => {
    expect(propose({ ...strong, modelDigest: new Uint8Array(32).fill(7) })().stage).toBe('new');
  });

  it.each<[string, Partial<RoundConfig>, string]>([
    ['a cohort below its minimum', { minimumClients: 14, clients: 20, threshold: 14 }, ''],
    ['a threshold below what it assumes needs', { threshold: 12, minimumClients: 15 }, 'OUT_OF_RANGE'],
    ['another mode', { mode: 'semi-honest' }, 'INVALID_ARGUMENT'],
    ['another suite', { suite: 'chacha20' }, 'INVALID_ARGUMENT'],
    ['another model', { modelDigest: new Uint8Array(32).fill(8) }, 'SHAPE_MISMATCH'],
    [
      'vectors too long',
      { vectors: [{ name: 'v', length: 101, bound: 1, bits: 20, wrapProbability: 0 }] },
      'OUT_OF_RANGE',
    ],
    [
      'a ring that may wrap',
      { vectors: [{ name: 'v', length: 9, bound: 9, bits: 2, wrapProbability: 0.1 }] },
      'OUT_OF_RANGE',
    ],
  ])('refuses %s', (_, change, code) => {
    const config = { ...strong, modelDigest: new Uint8Array(32).fill(7), ...change };
    if (code === '') expect(propose(config)).not.toThrow();
    else expect(propose(config)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses fewer inputs and fewer shares than it insists on', () => {
    const config = { ...strong, modelDigest: new Uint8Array(32).fill(7) };
    const short = expect.objectContaining({ code: 'THRESHOLD_NOT_MET' });
    expect(propose(config, { ...policy, minimumClients: 16 })).toThrow(short);
    expect(propose(config, { ...policy, minimumThreshold: 15 })).toThrow(short);
  });

  it('holds a ring against its own assumptions, whatever the server assumed', () => {
    const ring = roundConfig({
      clients: 1000,
      vectors: { v: { length: 1, bound: 1 } },
      corruptFraction: 0.05,
      dropoutFraction: 0.05,
      mode: 'semi-malicious',
    });
    const terms = { ...acceptingPolicy(ring), corruptFraction: 0.05, dropoutFraction: 0.05 };
    expect(propose(ring, terms)().stage).toBe('new');
    expect(propose(ring, { ...terms, corruptFraction: 0.1 })).toThrow(/threshold/);
    expect(propose({ ...ring, degree: 12, threshold: 10 }, terms)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });

  it('insists on signatures where told to', () => {
    const config = configOf({ clients: 4, threshold: 3 });
    expect(propose(config, { ...acceptingPolicy(config), requireIdentities: true })).toThrow(
      expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }),
    );
  });

  it.each<[Partial<ClientPolicy>]>([
    [{ minimumClients: 1 }],
    [{ minimumThreshold: 1 }],
    [{ corruptFraction: Number.NaN }],
    [{ maximumWrapProbability: 2 }],
    [{ maximumEntries: 0 }],
  ])('is itself checked: %o', (change) => {
    expect(propose(strong, { ...acceptingPolicy(strong), ...change })).toThrow(
      expect.objectContaining({ code: 'OUT_OF_RANGE' }),
    );
  });
});

describe('a configuration', () => {
  it.each([-1, 0, 1, 21, 2.5, Number.NaN])('never has the threshold %s', (threshold) => {
    expect(() => checkRoundConfig({ ...strong, threshold })).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
  });

  it('of a mode against split views has 2t > holders', () => {
    expect(() => checkRoundConfig({ ...strong, threshold: 10 })).toThrow(
      /threshold: expected an integer in \[11, 20\]/,
    );
    expect(() => ringOf(20, 8, 5, { mode: 'semi-malicious' })).toThrow(/threshold: expected an integer in \[6, 8\]/);
    expect(() => ringOf(20, 8, 4, { mode: 'semi-malicious', guarantee: 'one-sum' })).toThrow(
      /threshold: expected an integer in \[5, 8\]/,
    );
  });

  it.each<[Partial<RoundConfig>, string]>([
    [{ clients: 1 }, 'OUT_OF_RANGE'],
    [{ clients: 2 ** 22 }, 'OUT_OF_RANGE'],
    [{ degree: 5 }, 'OUT_OF_RANGE'],
    [{ graph: 'harary', degree: 7, threshold: 6 }, 'OUT_OF_RANGE'],
    [{ graph: 'star' as 'harary' }, 'INVALID_ARGUMENT'],
    [{ mode: 'malicious' as 'semi-honest' }, 'INVALID_ARGUMENT'],
    [{ suite: 'rc4' as 'chacha20' }, 'INVALID_ARGUMENT'],
    [{ session: new Uint8Array(15) }, 'SHAPE_MISMATCH'],
    [{ modelDigest: new Uint8Array(31) }, 'SHAPE_MISMATCH'],
    [{ round: 2 ** 32 }, 'OUT_OF_RANGE'],
    [{ minimumClients: 1 }, 'OUT_OF_RANGE'],
    [{ maximumWeight: 0 }, 'OUT_OF_RANGE'],
    [{ identities: 1 as unknown as boolean }, 'INVALID_ARGUMENT'],
    [{ vectors: [] }, 'OUT_OF_RANGE'],
    [{ vectors: [strong.vectors[0], strong.vectors[0]] }, 'INVALID_ARGUMENT'],
    [{ vectors: [{ ...strong.vectors[0], name: '' }] }, 'OUT_OF_RANGE'],
    [{ vectors: [{ ...strong.vectors[0], bits: 1 }] }, 'OUT_OF_RANGE'],
    [{ vectors: [{ ...strong.vectors[0], bits: 53 }] }, 'OUT_OF_RANGE'],
    [{ vectors: [{ ...strong.vectors[0], bits: 11 }] }, 'OVERFLOW'],
    [{ vectors: [{ ...strong.vectors[0], length: 0 }] }, 'OUT_OF_RANGE'],
    [
      {
        vectors: [
          { ...strong.vectors[0], length: 2 ** 28 },
          { ...strong.vectors[0], name: 'b' },
        ],
      },
      'OUT_OF_RANGE',
    ],
  ])('is refused with %o', (change, code) => {
    expect(() => checkRoundConfig({ ...strong, ...change })).toThrow(expect.objectContaining({ code }));
  });

  it('has one encoding, which any change alters', () => {
    const bytes = encodeRoundConfig(strong);
    expect(encodeRoundConfig(decodeRoundConfig(bytes))).toEqual(bytes);
    const digest = roundConfigDigest(strong);
    const changes: Partial<RoundConfig>[] = [
      { round: 1 },
      { session: new Uint8Array(16) },
      { threshold: 15 },
      { minimumClients: 16 },
      { maximumWeight: 2, vectors: [{ ...strong.vectors[0], bits: 13 }] },
      { suite: 'chacha20' },
      { modelDigest: new Uint8Array(32).fill(1) },
      { vectors: [{ ...strong.vectors[0], bits: 20 }] },
      { vectors: [{ ...strong.vectors[0], bound: 99 }] },
      { vectors: [{ ...strong.vectors[0], length: 4 }] },
      { vectors: [{ ...strong.vectors[0], name: 'x' }] },
      { vectors: [{ ...strong.vectors[0], wrapProbability: 0.1 }] },
    ];
    for (const change of changes)
      expect(roundConfigDigest(checkRoundConfig({ ...strong, ...change }))).not.toEqual(digest);
  });
});

describe('parameters that differ between the parties', () => {
  it('are refused with the first message, whichever it is', async () => {
    const changes: Partial<RoundConfig>[] = [
      { threshold: 15 },
      { minimumClients: 16 },
      { modelDigest: new Uint8Array(32).fill(3) },
    ];
    for (const change of changes) {
      const round = new Round(strong);
      const other = checkRoundConfig({ ...strong, ...change });
      const client = new SecAggClient(clientOptions(other, 'c0'));
      await expect(round.server.receive('c0', await client.start())).rejects.toThrow(
        expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }),
      );
      expect(round.server.waitingFor).toEqual([]);
    }
  });

  it('leave nothing to learn where the model differs between clients (Pasquini et al., CCS 2022)', async () => {
    // The server gives c0 another model than the rest, and carries c0's messages into their round all the same.
    const config = configOf({ clients: 5, threshold: 3, minimumClients: 3 });
    const round = new Round(config);
    const otherModel = checkRoundConfig({ ...config, modelDigest: new Uint8Array(32).fill(3) });
    const victim = new SecAggClient(clientOptions(otherModel, 'c0'));
    await victim.start();
    // The same keys, since tests draw them from one seed: the transcripts alone differ.
    await round.until('share');
    round.clients.set('c0', victim);
    await round.until('unmask');
    // Nobody can open what c0 dealt, nor c0 theirs, so that its masks stay on whatever it sent.
    await expect(round.until('finished')).rejects.toThrow(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
    expect(() => round.server.result()).toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
  });
});

describe('randomness', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('comes from the platform, and without one nothing starts', () => {
    vi.stubGlobal('crypto', {});
    const { rng: _, ...options } = clientOptions(strong, 'c0');
    expect(() => new SecAggClient(options)).toThrow(/crypto.getRandomValues/);
    expect(() => new SecAggClient(options)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_PLATFORM' }));
  });

  it('is never a seeded stream', () => {
    const seeded = seededRng(1) as unknown as ReturnType<typeof secureRng>;
    expect(() => new SecAggClient(clientOptions(strong, 'c0', { rng: seeded }))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    expect(new SecAggClient(clientOptions(strong, 'c0', { rng: secureRng() })).stage).toBe('new');
  });
});

describe('what is proved of a ring', () => {
  const assumptions = { clients: 300, corruptFraction: 0.05, dropoutFraction: 0.1, minimumClients: 270 };
  const vectors = { update: { length: 3, bound: 100 } };
  const round = (guarantee: 'cohort' | 'one-sum') =>
    roundConfig({ ...assumptions, vectors, graph: 'harary', guarantee, mode: 'semi-malicious' });
  const policyOf = (config: RoundConfig, minimumClients: number) => ({
    ...acceptingPolicy(config),
    corruptFraction: 0.05,
    minimumClients,
  });

  it('is the minimum for a cohort, and F for one sum: a policy is held against that', () => {
    const [cohort, oneSum] = [round('cohort'), round('one-sum')];
    expect(provenCohort(cohort, { corruptFraction: 0.05 })).toEqual({ inputs: 270, honest: 255 });
    expect(provenCohort(oneSum, { corruptFraction: 0.05 })).toEqual({ inputs: 135, honest: 135 });
    checkPolicy(policyOf(cohort, 270), cohort);
    checkPolicy(policyOf(oneSum, 135), oneSum);
    expect(() => checkPolicy(policyOf(oneSum, 136), oneSum)).toThrow(/minimumClients: expected at least 136, got 135/);
    // A client that assumes more of its peers corrupt finds nothing proved.
    expect(() => provenCohort(cohort, { corruptFraction: 0.2 })).toThrow(/threshold: expected ≥/);
  });

  it('is refused by name where no sparse graph gives it', () => {
    const many = { ...assumptions, vectors, dropoutFraction: 0.45, minimumClients: 2, graph: 'harary' } as const;
    expect(() => roundConfig(many)).toThrow(/a sparse graph gives the guarantee 'cohort'/);
    expect(() => roundConfig({ ...assumptions, vectors, graph: 'complete', guarantee: 'one-sum' })).toThrow(
      /guarantee/,
    );
  });
});
