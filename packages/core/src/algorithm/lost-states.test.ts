import { describe, expect, it } from 'vitest';
import type { ClientId } from '../client-id.ts';
import { unbiasedShare } from '../conformance/lossy-codecs.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { Layout } from '../model/layout.ts';
import { plainUpdates } from '../pipeline/plain-updates.ts';
import type { PlainData } from '../plain-data.ts';
import { simulate } from '../simulation/simulate.ts';
import { apfl } from './apfl.ts';
import type { AnyAlgorithm } from './contract.ts';
import { ditto } from './ditto.ts';
import { fedBuff } from './fed-buff.ts';
import { fedRep } from './fed-rep.ts';
import { ifca } from './ifca.ts';
import { mimeLite } from './mime-lite.ts';
import { moon } from './moon.ts';
import { pFedMe } from './p-fed-me.ts';

/*
 * Algorithms without a mirror: what their clients keep is no part of a sum on the server, so that a channel that loses much, or a device that
 * lost its store, may cost that client its own model and must not move the global one for good. Those with a mirror have laws
 * (mirror-laws.ts).
 */
const SIZE = 8;
const targets = Array.from({ length: 4 }, (_, i) =>
  Float32Array.from({ length: SIZE }, (_value, c) => Math.sin(3 * i + c)),
);
const clients = targets.map((target, i) => quadraticTrainer(target, 1, 0.5 + 0.5 * i));
const layout = Layout.of([
  { name: 'body', shape: [6] },
  { name: 'head', shape: [2] },
]);
const head = layout.select(({ name }) => name === 'head');

/**
 * The model after some rounds through an unbiased codec of ω = 1, with the states of client 1 wiped in these, and not kept in those: an
 * acknowledgement that was lost.
 */
async function run(
  algorithm: AnyAlgorithm,
  rounds: number,
  wiped: (round: number) => boolean,
  dropped: (round: number) => boolean = () => false,
) {
  const kept = new Map<ClientId, PlainData>();
  let now = 0;
  const { params } = await simulate({
    algorithm,
    channel: plainUpdates({
      algorithm,
      ...(algorithm.kind === 'fedRep' ? { layout } : { size: SIZE }),
      codec: unbiasedShare(1),
    }),
    clients,
    local: { steps: 3, batchSize: 'all', learningRate: 0.05 },
    initial: new Float32Array(SIZE),
    cohort: 4,
    rounds,
    seed: 1,
    clientStates: {
      get: async (client) => (client === '1' && wiped(now) ? undefined : kept.get(client)),
      put: async (client, own) => {
        if (client !== '1' || !dropped(now)) kept.set(client, own);
      },
    },
    onProgress: (event) => {
      if (event.kind === 'started') now = event.round;
    },
  });
  return { params, kept };
}

const never = () => false;

describe('a client that loses its store', () => {
  it.each<[string, AnyAlgorithm]>([
    ['ditto', ditto({ lambda: 1 })],
    ['apfl', apfl()],
    ['ifca', ifca({ others: [new Float32Array(SIZE).fill(0.1)] })],
  ])('moves no bit of the global model: %s', async (_name, algorithm) => {
    const whole = await run(algorithm, 40, () => false);
    expect(whole.kept.size).toBe(4);
    expect((await run(algorithm, 40, (round) => round % 3 === 0)).params).toEqual(whole.params);
    // Nor does one that was counted and never heard of it.
    const unheard = await run(algorithm, 40, never, (round) => round % 3 === 0);
    expect(unheard.params).toEqual(whole.params);
  });

  it.each<[string, AnyAlgorithm]>([
    ['fedRep', fedRep({ head, initial: new Float32Array(SIZE), headEpochs: 2 })],
    ['pFedMe', pFedMe({ lambda: 2, envelopeRate: 0.2 })],
    // Its pull is small against the clients' own, which it bends for good.
    ['moon', moon({ mu: 0.05 })],
  ])(
    'leaves no trace in the global model after a while, where its state is part of its work: %s',
    async (_name, algorithm) => {
      // The codec's draws are the same in both runs, so that nothing but the loss differs.
      const [whole, wiped] = [
        await run(algorithm, 150, () => false),
        await run(algorithm, 150, (round) => round === 20),
      ];
      wiped.params.forEach((value, c) => expect(value).toBeCloseTo(whole.params[c], 5));
      const unheard = await run(algorithm, 150, never, (round) => round > 20 && round < 30);
      unheard.params.forEach((value, c) => expect(value).toBeCloseTo(whole.params[c], 5));
    },
  );

  it('has nothing to lose with MimeLite and FedBuff', async () => {
    const options = { steps: 1, batchSize: 'all', learningRate: 0.1, rng: undefined as never } as const;
    const mime = mimeLite({ base: { kind: 'momentum', beta: 0.9 } });
    const broadcast = mime.broadcast(mime.init(new Float32Array(SIZE)));
    expect((await mime.clientRound({ broadcast, trainer: clients[0], options })).state).toEqual({});
    const buffered = fedBuff({ bufferSize: 2 });
    const params = new Float32Array(SIZE);
    expect((await buffered.clientRound({ broadcast: { params }, trainer: clients[0], options })).state).toEqual({});
  });
});
