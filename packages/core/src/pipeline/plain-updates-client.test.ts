import { describe, expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedAvgClient } from '../algorithm/fed-avg-client.ts';
import { federatedClient } from '../device/federated-client.ts';
import { softmaxRegression } from '../client/mlp.ts';
import { plainTrainer } from '../client/plain-trainer.ts';
import { secureRng, seededRng } from '../random.ts';
import { federatedServer } from '../round/server.ts';
import { memoryStore } from '../store/memory-store.ts';
import { memoryTransport } from '../transport/memory/index.ts';
import { plainUpdates } from './plain-updates.ts';
import { plainUpdatesClient } from './plain-updates-client.ts';

const model = softmaxRegression({ inputs: 2, classes: 2 });
const { layout } = model;

describe('plainUpdatesClient', () => {
  it.each([{}, { clientMomentum: 0.5 }])('agrees with the server of plainUpdates: %o', (options) => {
    const server = plainUpdates({ algorithm: fedAvg(), layout, ...options });
    const client = plainUpdatesClient({ algorithm: fedAvgClient(), layout, ...options });
    expect(client.terms).toEqual(server.terms);
    expect(client.digest).toEqual(server.digest);
  });

  it('differs from it by what differs', () => {
    const server = plainUpdates({ algorithm: fedAvg(), layout });
    const client = plainUpdatesClient({ algorithm: fedAvgClient(), size: layout.size });
    expect(client.digest).not.toEqual(server.digest);
  });

  it('takes part in its rounds, and the model is that of whole clients', async () => {
    const run = async (pipelineOf: () => Parameters<typeof federatedClient>[0]['pipeline']) => {
      const server = await federatedServer({
        pipeline: plainUpdates({ algorithm: fedAvg(), layout }),
        initial: new Float32Array(layout.size),
        cohort: 2,
        rounds: 2,
        store: memoryStore(),
        clock: Date.now,
        rng: secureRng(),
      });
      await Promise.all(
        ['a', 'b'].map((id) => {
          const rng = seededRng(id);
          return federatedClient({
            id,
            pipeline: pipelineOf(),
            trainer: plainTrainer(model, {
              inputs: Float32Array.from({ length: 8 }, () => rng.uniform()),
              labels: Uint8Array.of(0, 1, 1, 0),
            }),
            local: () => ({ epochs: 1, batchSize: 'all', learningRate: 0.5 }),
            exchange: memoryTransport(server, id),
            store: memoryStore(),
          }).run();
        }),
      );
      const params = server.params.slice();
      await server.close();
      return params;
    };
    const halved = await run(() => plainUpdatesClient({ algorithm: fedAvgClient(), layout }) as never);
    const whole = await run(() => plainUpdates({ algorithm: fedAvg(), layout }) as never);
    expect(halved).toEqual(whole);
    expect(halved.some((value) => value !== 0)).toBe(true);
  });

  it('refuses an algorithm that does not say what it reports', () => {
    expect(() => plainUpdatesClient({ algorithm: fedAvg() as never, layout })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
