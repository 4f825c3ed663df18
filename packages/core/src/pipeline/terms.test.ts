import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fedAvg } from '../algorithm/fed-avg.ts';
import { fedBuff } from '../algorithm/fed-buff.ts';
import { fedProx } from '../algorithm/fed-prox.ts';
import { scaffold } from '../algorithm/scaffold.ts';
import { quadraticTrainer } from '../conformance/quadratic-trainer.ts';
import { federatedClient } from '../device/federated-client.ts';
import { FedkitError, isFedkitError } from '../errors.ts';
import { Layout } from '../model/layout.ts';
import type { RoundTask } from '../protocol/message.ts';
import { decodeResponse, encodeRequest } from '../protocol/client-message.ts';
import { decodeRequest } from '../protocol/server-message.ts';
import { secureRng, seededRng } from '../random.ts';
import { federatedServer } from '../round/server.ts';
import { memoryStore } from '../store/memory-store.ts';
import { memoryTransport } from '../transport/memory/memory-transport.ts';
import type { ClientPipeline } from './contract.ts';
import { plainUpdates } from './plain-updates.ts';
import { decodeTerms, differenceOf, digestOfTerms, encodeTerms, type Term } from './terms.ts';

const layout = Layout.of([
  { name: 'dense/kernel', shape: [2, 3] },
  { name: 'dense/bias', shape: [3] },
]);
const { size } = layout;

describe('terms', () => {
  it('survive their bytes; what is no list of terms is DECODE_FAILED', () => {
    const terms = fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(terms, fc.uint8Array({ maxLength: 60 }), (list, noise) => {
        expect(decodeTerms(encodeTerms(list))).toEqual(list);
        try {
          decodeTerms(noise);
        } catch (error) {
          expect(isFedkitError(error, 'DECODE_FAILED')).toBe(true);
        }
        const cut = encodeTerms(list).subarray(0, -1);
        expect(() => decodeTerms(cut)).toThrow(FedkitError);
      }),
    );
    const declared = encodeTerms([]);
    new DataView(declared.buffer).setUint32(4, 0xffffffff, true);
    expect(() => decodeTerms(declared)).toThrow(expect.objectContaining({ code: 'DECODE_FAILED' }));
  });

  it('differ for every option, slot, codec and tensor, and for nothing else', () => {
    const pipelines = [
      plainUpdates({ algorithm: fedAvg(), size }),
      plainUpdates({ algorithm: fedAvg(), layout }),
      plainUpdates({ algorithm: fedAvg(), layout: Layout.of([...layout.tensors].reverse()) }),
      plainUpdates({ algorithm: fedAvg(), size: size + 1 }),
      plainUpdates({ algorithm: fedAvg(), size, clientMomentum: 0.1 }),
      plainUpdates({ algorithm: fedProx({ mu: 0.1 }), size }),
      plainUpdates({ algorithm: fedProx({ mu: 0.2 }), size }),
      plainUpdates({ algorithm: scaffold({ option: 1 }), size }),
      plainUpdates({ algorithm: scaffold(), size }),
      plainUpdates({ algorithm: fedBuff(), size }),
    ];
    const digests = pipelines.map(({ digest }) => digest.join());
    expect(new Set(digests).size).toBe(pipelines.length);
    // What only the server does is no term: a robust rule, a minimum, an optimizer.
    const other = plainUpdates({ algorithm: fedAvg(), size, minimumContributors: 3 });
    expect(other.digest.join()).toBe(digests[0]);
    for (const { terms, digest } of pipelines) {
      expect(digestOfTerms(terms)).toEqual(digest);
      expect(new Set(terms.map(([name]) => name)).size).toBe(terms.length);
    }
  });

  it('say what differs, and what to do', () => {
    const say = (own: readonly Term[], other: readonly Term[]) =>
      differenceOf({ where: 'x', own, other, named: 'the server' }).message;
    expect(say([['clip', '1']], [['clip', '2']])).toMatch(
      /^x: clip: expected 2 as the server has it, got 1: build both/,
    );
    expect(say([], [['clip', '2']])).toMatch(/^x: clip: expected 2 as the server has it, got none: /);
    expect(say([['clip', '2']], [])).toMatch(/^x: clip: expected none as the server has it, got 2: /);
    expect(
      say(
        [
          ['a', '1'],
          ['b', '2'],
        ],
        [
          ['b', '2'],
          ['a', '1'],
        ],
      ),
    ).toMatch(/in their order/);
    expect(say([['layout: tensor w', '[1] from value 0 on']], [])).toMatch(
      /give both pipelines the layout of one model$/,
    );
    expect(say([['a', 'x'.repeat(500)]], []).length).toBeLessThan(400);
  });
});

describe('a client of another pipeline', () => {
  /** Who asks for what, and what the client says of it. */
  async function meet(pipeline: ClientPipeline<never, never, never>) {
    const asked: string[] = [];
    const errors: FedkitError[] = [];
    const server = await federatedServer({
      pipeline: plainUpdates({ algorithm: fedProx({ mu: 0.5 }), layout }),
      initial: new Float32Array(size),
      store: memoryStore(),
      cohort: 1,
      clock: () => 0,
      rng: seededRng(1),
    });
    // Two joins: the first is waiting, then the round opens.
    await server.handle('a', encodeRequest({ kind: 'join' }));
    await server.tick();
    const transport = memoryTransport(server, 'a');
    const client = federatedClient({
      id: 'a',
      pipeline,
      trainer: quadraticTrainer(new Float32Array(pipeline.size), 1),
      local: () => ({ steps: 1, batchSize: 'all', learningRate: 0.1 }),
      exchange: (request, how) => {
        asked.push(decodeRequest(request).kind);
        return transport(request, how);
      },
      store: memoryStore(),
      rng: secureRng(),
      onProgress: (event) => {
        if (event.kind === 'refused') errors.push(event.error);
      },
    });
    let rejected: unknown;
    for (let step = 0; step < 2 && !rejected; step++) await client.step().catch((error) => (rejected = error));
    const { task } = decodeResponse(await server.handle('a', encodeRequest({ kind: 'join' }))) as { task?: RoundTask };
    return { asked, errors, task, rejected };
  }

  it.each<[string, object, RegExp]>([
    [
      'option',
      plainUpdates({ algorithm: fedProx({ mu: 0.25 }), layout }),
      /^federatedClient: pipeline: algorithm: mu: expected 0.5 as the server has it, got 0.25: build both pipelines from/,
    ],
    [
      'tensor',
      plainUpdates({
        algorithm: fedProx({ mu: 0.5 }),
        layout: Layout.of([{ name: 'dense/kernel', shape: [3, 2] }, layout.tensors[1]]),
      }),
      /^federatedClient: pipeline: layout: tensor dense\/kernel: expected \[2, 3\] from value 0 on as the server has it, got \[3, 2\] from value 0 on: give both/,
    ],
    [
      'layout',
      plainUpdates({ algorithm: fedProx({ mu: 0.5 }), size }),
      /^federatedClient: pipeline: layout: expected given as the server has it, got not given: give both/,
    ],
    [
      'algorithm',
      plainUpdates({ algorithm: fedAvg(), layout }),
      /^federatedClient: pipeline: algorithm: expected fedProx as the server has it, got fedAvg: build both/,
    ],
  ])('is told the %s that differs before any byte of the model has moved', async (_name, pipeline, message) => {
    const { asked, errors, rejected } = await meet(pipeline as never);
    expect(asked.slice(0, 3)).toEqual(['join', 'terms', 'decline']);
    expect(asked).not.toContain('model');
    expect(errors[0].message).toMatch(message);
    expect(errors[0].code).toBe('SHAPE_MISMATCH');
    // Neither time nor the server mends it.
    expect(rejected).toBe(errors[0]);
  });

  it('is none where the pipelines agree', async () => {
    const same = plainUpdates({ algorithm: fedProx({ mu: 0.5 }), layout });
    const { asked, errors } = await meet(same as never);
    expect(asked).toEqual(['join', 'model']);
    expect(errors).toEqual([]);
  });
});
