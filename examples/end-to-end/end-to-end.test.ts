import { commonRange } from '@fedkit/compression';
import {
  type ClientId,
  fedAvg,
  fedBuff,
  plainUpdates,
  scaffold,
  secureSum,
  seededRng,
  type Trainer,
} from '@fedkit/core';
import { quadraticTrainer } from '@fedkit/core/conformance';
import type { VirtualClock } from '@fedkit/core/transport/memory';
import { type Identity, publicKeyOf, secureAggregation } from '@fedkit/secagg';
import { describe, expect, it } from 'vitest';
import { type FederationOutcome, runFederation } from './federation.ts';
import { OpenedSums } from './opened-sums.ts';
import { drawPlan } from './plan.ts';
import { asynchronousDifferences, Steps } from './steps.ts';
import { type AnyPipeline, differences } from './witness.ts';

const SIZE = 5;
const CLIENTS = 6;
const ROUNDS = {
  cohort: 4,
  minimum: 2,
  overSelection: 1.25,
  population: 5,
  rounds: 3,
  federationSize: CLIENTS,
  retryAfter: 500,
  deadlines: { recruiting: 5000, reporting: 30_000, stage: 8000 },
};
const PATIENCE = 1_200_000;
const initial = Float32Array.from({ length: SIZE }, (_, i) => i / 8);

/** A client whose optimum and weight come from its number. */
function trainer(i: number): Trainer {
  const rng = seededRng(i);
  const optimum = Float32Array.from({ length: SIZE }, () => 4 * rng.uniform() - 2);
  return quadraticTrainer(optimum, 1 + (i % 3));
}

async function plainRun(seed: string) {
  const algorithm = seededRng(seed).below(2) === 0 ? fedAvg() : scaffold();
  const plan = drawPlan({ seed, clients: CLIENTS, until: 90_000 });
  const pipeline = () => plainUpdates({ algorithm, size: SIZE } as never);
  const outcome = await runFederation({ plan, pipeline, initial, rounds: ROUNDS, trainer, patience: PATIENCE });
  return {
    ...outcome,
    differences: differences(outcome.witness, { algorithm, size: SIZE, federationSize: CLIENTS, initial, ...outcome }),
  };
}

function identityOf(client: ClientId): Identity {
  return { secretKey: seededRng(client).fill(new Uint8Array(32)) };
}

async function secureRun(seed: string) {
  const algorithm = seededRng(seed).below(2) === 0 ? fedAvg() : scaffold();
  const plan = drawPlan({ seed, clients: CLIENTS, until: 90_000, outages: 1 });
  const opened = new OpenedSums();
  const codec = commonRange({ bits: 24, range: 8, contributors: CLIENTS });
  // Every other run against a server that may do anything: one more stage, in which survivors are signed.
  const mode = seededRng(`${seed} mode`).below(2) === 0 ? 'semi-malicious' : 'malicious';
  const pipeline = (clock: VirtualClock, client?: ClientId) => {
    const aggregation = secureAggregation({
      mode,
      corruptFraction: 0,
      dropoutFraction: 0.34,
      sealingKey: new Uint8Array(32).fill(1),
      directory: (id) => publicKeyOf(identityOf(id)),
      ...(client !== undefined && { identity: identityOf(client) }),
    });
    return secureSum({
      algorithm: algorithm as never,
      size: SIZE,
      codec,
      aggregation: opened.watch(aggregation, clock),
      minimumContributors: 3,
      maximumWeight: 3,
    });
  };
  const rounds = { ...ROUNDS, overSelection: 1, cohort: 5, minimum: 3, rounds: 2 };
  const outcome = await runFederation({ plan, pipeline, initial, rounds, trainer, patience: PATIENCE });
  const { sums } = opened;
  return {
    ...outcome,
    differences: differences(outcome.witness, {
      algorithm,
      size: SIZE,
      federationSize: CLIENTS,
      initial,
      ...outcome,
      sums,
    }),
  };
}

async function asynchronousRun(seed: string) {
  const plan = drawPlan({ seed, clients: CLIENTS, until: 90_000 });
  const steps = new Steps();
  // A server without rounds needs less of a pipeline than one with them.
  const pipeline = () =>
    plainUpdates({ algorithm: steps.watch(fedBuff({ bufferSize: 3 })), size: SIZE }) as unknown as AnyPipeline;
  const rounds = { ...ROUNDS, cohort: 3, rounds: 8 };
  const outcome = await runFederation({ plan, pipeline, initial, rounds, trainer, patience: PATIENCE });
  const { params } = outcome.state as { params: Float32Array };
  const { witness, records } = outcome;
  return { ...outcome, differences: asynchronousDifferences(witness, steps, { initial, params, records }) };
}

/** What has gone wrong so far. */
const happened = { runs: 0, serverDeaths: 0, clientDeaths: 0, repeated: 0, late: 0, abandoned: 0 };

function note({ lives, witness, records }: FederationOutcome): void {
  happened.runs++;
  happened.serverDeaths += lives.server - 1;
  happened.clientDeaths += lives.clients - CLIENTS;
  happened.repeated += witness.repeated;
  happened.late += [...witness.answers.values()].filter((counted) => !counted).length;
  happened.abandoned += records.filter(({ outcome }) => outcome === 'abandoned').length;
}

describe('a federation in which everything goes wrong', () => {
  it.each(Array.from({ length: 20 }, (_, block) => block))(
    'publishes the means of exactly the acknowledged, block %i of plain updates',
    async (block) => {
      for (let i = 0; i < 10; i++) {
        const seed = `plain ${10 * block + i}`;
        const run = await plainRun(seed);
        note(run);
        expect(run.differences, seed).toEqual([]);
        expect(run.records.filter(({ outcome }) => outcome === 'published').length, seed).toBe(3);
      }
    },
  );

  it.each(Array.from({ length: 8 }, (_, block) => block))(
    'publishes the sums of exactly the acknowledged, block %i of secure sums',
    async (block) => {
      for (let i = 0; i < 5; i++) {
        const seed = `secure ${5 * block + i}`;
        const run = await secureRun(seed);
        note(run);
        expect(run.differences, seed).toEqual([]);
        expect(run.records.filter(({ outcome }) => outcome === 'published').length, seed).toBe(2);
      }
    },
  );

  it.each(Array.from({ length: 4 }, (_, block) => block))(
    'steps with exactly the acknowledged, block %i of asynchronous runs',
    async (block) => {
      for (let i = 0; i < 10; i++) {
        const seed = `asynchronous ${10 * block + i}`;
        const run = await asynchronousRun(seed);
        note(run);
        expect(run.differences, seed).toEqual([]);
        expect(run.records.length, seed).toBe(8);
      }
    },
  );

  it('really had everything go wrong', () => {
    const { runs, ...rest } = happened;
    for (const [what, times] of Object.entries(rest)) expect(times, what).toBeGreaterThan(runs / 10);
  });
});
