import { inflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RoundMetrics, seededRng } from '@fedkit/core';
import { iidPartition } from '@fedkit/core/simulation';
import { defaultProvider } from '@fedkit/secagg';
import { readMnist } from '../data/mnist.ts';
import { AgreementTable, agreementMemory } from './agreement-table.ts';
import { Clients } from './clients.ts';
import { BITS, devicesOf, enrol, METRICS_NOISE, model, serverPipeline, USERS } from './experiment.ts';
import { runFederation } from './federation.ts';
import { maskedVector } from './masked-vector.ts';
import { classPictures } from './picture.ts';
import { comparison } from './report.ts';
import { reportPage } from './report-page.ts';
import { sharingProvider } from './sharing-provider.ts';

describe('pictures', () => {
  it('show zero in grey, the largest magnitude in black or white', () => {
    const png = Buffer.from(classPictures(Float32Array.of(0, -2, 1, 2), 1, 4).split(',')[1], 'base64');
    expect([...png.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join('')).toBe('PNG');
    const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
    expect([width, height]).toEqual([10, 1]);
    const row = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)));
    expect([...row]).toEqual([0, 128, 255, 255, 0, 255, 255, 191, 255, 255, 255]);
  });
});

describe('maskedVector', () => {
  it('reads what a packed vector holds', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2048, max: 2047 }), { minLength: 1, maxLength: 40 }), (values) => {
        const message = new Uint8Array(32 + Math.ceil((12 * values.length) / 8));
        values.forEach((value, i) => {
          for (let b = 0; b < 12; b++) {
            if (((value & 0xfff) >> b) & 1) message[32 + ((12 * i + b) >> 3)] |= 1 << ((12 * i + b) & 7);
          }
        });
        expect([...maskedVector(message, 12, values.length)]).toEqual(values);
      }),
    );
  });
});

describe('AgreementTable', () => {
  const key = (seed: number) => seededRng(seed).fill(new Uint8Array(32));

  it('gives what one thread has left to the others, whichever end of the pair asks', () => {
    const memory = agreementMemory();
    const [here, there] = [new AgreementTable(memory), new AgreementTable(memory)];
    for (let i = 0; i < 2000; i++) {
      expect(there.get(key(i), key(i + 1))).toBeUndefined();
      here.set(key(i), key(i + 1), key(i + 5000));
    }
    for (let i = 0; i < 2000; i++) {
      const secret = there.get(key(i + 1), key(i)) as Uint8Array;
      expect(secret).toEqual(key(i + 5000));
      secret.fill(0);
      expect(here.get(key(i), key(i + 1))).toEqual(key(i + 5000));
    }
    there.clear();
    expect(here.get(key(0), key(1))).toBeUndefined();
  });

  it('holds on to what it has when it is full', () => {
    const table = new AgreementTable(agreementMemory());
    const of = (i: number) => new Uint8Array(Uint32Array.of(i, 1, 2, 3, 4, 5, 6, 7).buffer);
    for (let i = 0; i < 40_000; i++) table.set(of(i), new Uint8Array(32), of(i));
    expect(table.get(of(32_767), new Uint8Array(32))).toEqual(of(32_767));
    expect(table.get(of(39_999), new Uint8Array(32))).toBeUndefined();
  });
});

describe('sharingProvider', () => {
  it('gives both ends of every pair what the provider under it gives', async () => {
    const [own, shared] = [defaultProvider(), sharingProvider(agreementMemory())];
    const keys = [1, 2, 3].map((i) => seededRng(i).fill(new Uint8Array(32)));
    const apart = await Promise.all(keys.map(async (key) => own.agreement(key)));
    const together = await Promise.all(keys.map(async (key) => shared.agreement(key)));
    for (let time = 0; time < 2; time++) {
      for (const a of [0, 1, 2]) {
        for (const b of [0, 1, 2].filter((other) => other !== a)) {
          const agreed = await together[a].agree(apart[b].publicKey);
          expect(new Uint8Array(agreed)).toEqual(new Uint8Array(await apart[a].agree(apart[b].publicKey)));
          // What a caller erases is its own.
          agreed.fill(0);
        }
      }
    }
  });

  it('looks at the order of a key once in a round', () => {
    const own = defaultProvider();
    let looks = 0;
    const counting = { ...own, isPrimeOrder: (key: Uint8Array) => (looks++, own.isPrimeOrder(key)) };
    const shared = sharingProvider(agreementMemory(), counting);
    const prime = Uint8Array.from(
      Buffer.from('ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 'hex'),
    );
    const other = new Uint8Array(32);
    for (let time = 0; time < 2; time++) {
      expect([prime, other].map((key) => shared.isPrimeOrder(key.slice()))).toEqual([true, false]);
    }
    expect(looks).toBe(2);
    shared.forget();
    expect(shared.isPrimeOrder(prime)).toBe(true);
    expect(looks).toBe(3);
  });

  it('does not take one signature for another', () => {
    const shared = sharingProvider(agreementMemory());
    const identity = new Uint8Array(32).fill(7);
    const publicKey = Uint8Array.from(
      Buffer.from('ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', 'hex'),
    );
    const [message, other] = [Uint8Array.of(1), Uint8Array.of(2)];
    const signature = shared.sign(identity, message);
    for (let time = 0; time < 2; time++) {
      expect(shared.verify(publicKey, message, signature)).toBe(true);
      expect(shared.verify(publicKey, other, signature)).toBe(false);
    }
  });
});

describe('the private federation', () => {
  it('learns from sums alone, and shows what the server saw', async () => {
    const experiment = { seed: 1, noiseMultiplier: 4, metrics: true };
    const data = readMnist();
    const register = enrol();
    const provider = sharingProvider(agreementMemory());
    const runs = [];
    for (const kind of ['plain', 'private'] as const) {
      const clients = new Clients(devicesOf(kind, experiment, { data, register, provider }));
      const federation = await runFederation({
        kind,
        pipeline: await serverPipeline(kind, experiment, register),
        experiment,
        rounds: 1,
        population: {
          open: async (_, order) => clients.open(order),
          start: async (_, cohort, take) => {
            for (const client of cohort) await take(await clients.start(client));
          },
          deliver: async (_, letters, take) => {
            for (const letter of letters) await take(await clients.deliver(letter));
          },
          evaluate: async (params) => model.evaluate(params, data.test),
          close: async () => {},
        },
        onRound: () => {},
        signal: new AbortController().signal,
      });
      runs.push(federation);
    }
    const [plain, secret] = runs;
    expect(secret.rounds[0].survivors).toBe(plain.rounds[0].survivors);
    expect(secret.rounds[0].survivors).toBeLessThan(secret.rounds[0].cohort);
    // One round of one epoch: far above one in ten, whatever the noise drawn.
    expect(plain.rounds[0].testAccuracy).toBeGreaterThan(0.7);
    expect(secret.rounds[0].testAccuracy).toBeGreaterThan(0.2);
    expect(secret.rounds[0].facts.epsilon?.server).toBeGreaterThan(
      secret.rounds[0].facts.epsilon?.recipients as number,
    );
    expect(secret.rounds[0].bytesUp).toBeLessThan(plain.rounds[0].bytesUp);

    // What the users measured: in the clear exactly, in private within its noise, to 6 standard deviations.
    const parts = iidPartition(data.train.labels.length, { clients: USERS }, seededRng(1).fork('partition'));
    const held = parts.filter((_, user) => plain.participations[user] > 0);
    const rows = Uint32Array.from(held.flatMap((part) => [...part]));
    const open = plain.rounds[0].facts.metrics as RoundMetrics;
    expect([open.clients, Math.round(open.examples)]).toEqual([held.length, rows.length]);
    const first = model.evaluate(model.init(seededRng(1)), { ...data.train, rows }).loss;
    expect(open.metrics.loss.mean).toBeCloseTo(first, 5);
    expect(open.metrics.updateNorm.mean).toBeGreaterThan(0);
    const noised = secret.rounds[0].facts.metrics as RoundMetrics;
    const std = METRICS_NOISE * Math.sqrt(held.length / 32);
    expect(Math.abs(noised.clients - held.length)).toBeLessThan(6 * std);
    expect(Math.abs(noised.examples - rows.length)).toBeLessThan(6 * std * 118);
    expect(noised.clients).not.toBe(held.length);
    const { loss } = noised.metrics;
    expect(loss !== undefined).toBe(noised.examples >= 3 * std * 118);
    if (loss) expect(loss.standardError).toBeCloseTo((118 * std * Math.hypot(2.5, loss.mean)) / noised.examples, 5);
    const pipeline = await serverPipeline('private', experiment, register);
    expect(Object.fromEntries(pipeline.terms)).toMatchObject({ 'beside.metrics.noiseStd': String(METRICS_NOISE) });

    const { trueUpdate, seen } = secret.glimpse as NonNullable<typeof secret.glimpse>;
    const masked = maskedVector(seen, BITS, model.layout.size);
    // Uniform in the ring, and nothing to do with what is under it, to 5.5 standard deviations.
    const mean = masked.reduce((sum, value) => sum + value, 0) / masked.length;
    expect(Math.abs(mean)).toBeLessThan((5.5 * 4096) / Math.sqrt(12 * masked.length));
    expect(Math.abs(correlation(masked, trueUpdate))).toBeLessThan(5.5 / Math.sqrt(masked.length));

    const report = { experiment, platform: 'test', plain, secret };
    expect(comparison(report).map(({ what }) => what)).toContain('test accuracy');
    const [row] = comparison(report).filter(({ what }) => what.startsWith('loss on'));
    expect(row.plain).toBe(first.toFixed(2));
    expect(row.secret).toMatch(/^-?\d\.\d\d ± \d\.\d\d$|^–$/);
    const page = reportPage(report);
    expect(page.match(/<img /g)?.length).toBe(3);
    // Random pixels in base64 spell anything.
    expect(page.replaceAll(/base64,[\w+/=]*/g, '')).not.toMatch(/NaN|undefined|Infinity/);
  });
});

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (of: ArrayLike<number>) => Array.from(of).reduce((sum, x) => sum + x, 0) / of.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < b.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
