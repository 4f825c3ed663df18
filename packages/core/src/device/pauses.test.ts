import { expect, it } from 'vitest';
import { coarse, ScriptedServer } from '../../test/device/scripted-server.ts';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { memoryStore } from '../store/memory-store.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import { federatedClient } from './federated-client.ts';

it.each(['accepted', 'late'] as const)(
  'pauses double with every refusal in a row, and begin anew once a report was %s',
  async (outcome) => {
    const server = new ScriptedServer(coarse(fedAvg(), 1), new Float32Array(1), 1, 3);
    const client = federatedClient({
      id: 'a',
      pipeline: server.pipeline,
      trainer: quadraticTrainer(Float32Array.of(8), 1),
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.5 }),
      exchange: memoryTransport(server, 'a'),
      store: memoryStore(),
    });
    for (let task = 1; task <= 2; task++) {
      server.intercept = () => ({ kind: 'refused', code: 'PROTOCOL_STATE', message: 'no' });
      for (let failures = 0; failures < 6; failures++) {
        const { milliseconds } = await client.step();
        // Between half and all of it, at random.
        expect(milliseconds).toBeGreaterThanOrEqual(500 * 2 ** failures);
        expect(milliseconds).toBeLessThanOrEqual(1000 * 2 ** failures);
      }
      server.intercept = (_client, request) => {
        if (request.kind === 'report' && outcome === 'late') server.void(request.ticket);
        return undefined;
      };
      while (server.outcomes.size < task) await client.step();
      expect(server.outcomes.get(task)).toBe(outcome);
    }
  },
);
