import { join } from 'node:path';
import type { RoundOptions } from '@fedkit/core';
import { fetchHandler } from '@fedkit/core/transport/fetch';
import { mqttServer } from '@fedkit/core/transport/mqtt';
import { serve } from '@fedkit/core/transport/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Broker, mosquitto, startMosquitto } from '../../../packages/core/test/mosquitto.ts';
import { slowness } from '../../../packages/core/test/slowness.ts';
import { SEEDED } from '../../../scripts/test/seeded-children.ts';
import { bundle } from '../../bundle.ts';
import { drawPlan, type Plan } from '../plan.ts';
import { type Listen, runOverNetwork } from './networked-federation.ts';
import { settingOf } from './setting.ts';

const SCHEDULES = 10;
/** How long things go wrong, in milliseconds. */
const UNTIL = 1200;
let script: URL;

beforeAll(() => {
  // Threads of devices draw from a seed too.
  vi.stubEnv('NODE_OPTIONS', SEEDED.NODE_OPTIONS);
  script = bundle(join(import.meta.dirname, 'device-host.ts'));
});

/** A plan for the time that real networks take: seconds, where the virtual one has minutes. */
function planOf(seed: string, hosts: number): Plan {
  const plan = drawPlan({ seed, clients: hosts, until: UNTIL, outages: 1 });
  const { maximum } = plan.faults.delay ?? { maximum: 0 };
  return { ...plan, faults: { ...plan.faults, timeout: 250, delay: { minimum: 0, maximum: maximum / 50 } } };
}

function roundsOf(seed: string, clients: number, slow: number): RoundOptions {
  const cohort = Math.ceil(0.8 * clients);
  return {
    cohort,
    minimum: 3,
    overSelection: settingOf(seed, clients).secure ? 1 : 1.25,
    population: cohort,
    rounds: 2,
    retryAfter: 40,
    deadlines: { recruiting: 300 * slow, reporting: 1500 * slow, stage: 600 * slow },
  };
}

async function expectExact(seed: string, hosts: number, clientsPerHost: number, listen: Listen): Promise<number> {
  const slow = slowness();
  const rounds = roundsOf(seed, hosts * clientsPerHost, slow);
  const outcome = await runOverNetwork({
    plan: planOf(seed, hosts),
    rounds,
    clientsPerHost,
    listen,
    script,
    patience: 50_000 * slow,
  });
  expect(outcome.differences, seed).toEqual([]);
  expect(outcome.records.filter(({ outcome: how }) => how === 'published').length, seed).toBe(rounds.rounds);
  return outcome.killed;
}

const seeds = Array.from({ length: SCHEDULES }, (_, i) => i);

describe('a federation over a network in which everything goes wrong', () => {
  let killed = 0;

  const overHttp: Listen = async (handler) => {
    const handle = fetchHandler(handler, {
      authenticate: (request) => request.headers.get('authorization')?.slice('Bearer of '.length),
    });
    const server = await serve(handle);
    return { url: `${server.url}/fedkit`, close: () => server.close() };
  };

  it.each(seeds)('publishes exactly the acknowledged: HTTP, threads that are killed, schedule %i', async (i) => {
    killed += await expectExact(`http ${i}`, 5, 1, overHttp);
  });

  describe.skipIf(mosquitto === undefined)('over mosquitto', () => {
    let broker: Broker;
    beforeAll(async () => {
      broker = await startMosquitto({ packetBytes: 20_000 });
    });
    afterAll(() => broker.close());

    it.each(seeds)('publishes exactly the acknowledged: 20 clients, schedule %i', async (i) => {
      const prefix = `run/${i}`;
      const client = await broker.client();
      const overMqtt: Listen = async (handler) => {
        const server = await mqttServer(handler, { client, prefix, packetBytes: 20_000, authenticate: (id) => id });
        return { url: `mqtt://127.0.0.1:${broker.port}`, prefix, close: () => server.close() };
      };
      killed += await expectExact(`mqtt ${i}`, 4, 5, overMqtt);
    });
  });

  it('did kill, and often', () => {
    expect(killed).toBeGreaterThan(SCHEDULES);
  });
});
