/**
 * A server and its clients in one process, in virtual time, with everything going wrong that a plan says.
 *
 * @module
 */
import {
  type ClientId,
  FedkitError,
  federatedClient,
  federatedServer,
  type FederatedServer,
  memoryStore,
  type PlainData,
  type RequestHandler,
  type RoundOptions,
  type RoundRecord,
  type SecureRng,
  seededRng,
  type Trainer,
} from '@fedkit/core';
import { faultyExchange, memoryTransport, type VirtualClock, virtualClock } from '@fedkit/core/transport/memory';
import { isOut, type Plan } from './plan.ts';
import { Dead, mortalStore, sleep, untilDone } from './process.ts';
import { type AnyPipeline, Witness } from './witness.ts';

/** A federation to run. */
export interface Federation {
  readonly plan: Plan;
  /** Made anew for each process, as each would make its own: a client's by its name, the server's without one. */
  readonly pipeline: (clock: VirtualClock, client?: ClientId) => AnyPipeline;
  readonly initial: Float32Array;
  readonly rounds: RoundOptions;
  readonly trainer: (client: number) => Trainer;
  /** After so many milliseconds without an end the run has stalled. */
  readonly patience: number;
}

/** How it ended. */
export interface FederationOutcome {
  readonly witness: Witness;
  readonly state: PlainData;
  readonly records: readonly RoundRecord[];
  /** What clients keep at the end. */
  readonly kept: ReadonlyMap<ClientId, PlainData | undefined>;
  /** How many processes the server and all clients had, one each at least. */
  readonly lives: { readonly server: number; readonly clients: number };
}

/** Runs it to its end: every round published, every client told what became of its work. */
export async function runFederation({
  plan,
  pipeline,
  initial,
  rounds,
  trainer,
  patience,
}: Federation): Promise<FederationOutcome> {
  const clock = virtualClock();
  const root = seededRng(plan.seed);
  const witness = new Witness();
  const [serverDisk, disks] = [memoryStore(), plan.clients.map(() => memoryStore())];
  let server: FederatedServer<PlainData> | undefined;
  let serverLife: AbortSignal | undefined;
  let over = false;

  /** Requests to a process that is dead, or dies before it has answered, get no answer. */
  const handler: RequestHandler = {
    async handle(client, request) {
      const life = serverLife;
      if (!server || !life || life.aborted) throw new Error('no server');
      const response = await server.handle(client, request);
      if (life.aborted) throw new Error('the server died');
      return response;
    },
  };

  const overheard = witness.listen(handler);
  let lives = 0;
  let boots = 0;
  const serve = async (life: AbortSignal) => {
    serverLife = undefined;
    const rng = root.fork('server', boots++);
    server = await federatedServer({
      ...rounds,
      pipeline: pipeline(clock),
      initial,
      store: mortalStore(serverDisk, clock, rng.fork('disk'), life),
      clock: () => clock.now(),
      rng,
    });
    serverLife = life;
    while (!over) {
      await sleep(clock, 500);
      if (life.aborted) throw new Dead();
      await server.tick().catch((error: unknown) => {
        if (!(error instanceof FedkitError) || error.code !== 'UNAVAILABLE') throw error;
        if (life.aborted) throw error;
      });
    }
  };

  const participate = (i: number) => {
    const id = `client ${i}`;
    const { deaths, offline } = plan.clients[i];
    let own = 0;
    return untilDone(clock, deaths, (life) => {
      const rng = root.fork('client', i, own++);
      lives++;
      const direct = memoryTransport(overheard, id);
      const faulty = faultyExchange(direct, {
        ...plan.faults,
        rng: rng.fork('network'),
        clock,
        connected: () => !isOut(offline, clock.now()),
      });
      const teacher = trainer(i);
      return federatedClient({
        id,
        pipeline: witness.watch(id, pipeline(clock, id)),
        trainer: {
          ...teacher,
          async train(start, objective, options) {
            await sleep(clock, 5000 * rng.uniform());
            return teacher.train(start, objective, options);
          },
        },
        local: ({ ticket }) => ({ steps: 2, batchSize: 'all', learningRate: 0.125, rng: seededRng(ticket) }),
        exchange: (request, how) => (clock.now() < plan.until ? faulty : direct)(request, how),
        store: mortalStore(disks[i], clock, rng.fork('disk'), life),
        clock,
        rng: rng as unknown as SecureRng,
        signal: life,
      }).run();
    });
  };

  const everything = async () => {
    const serving = untilDone(clock, plan.server, serve);
    await Promise.race([
      serving,
      Promise.all(plan.clients.map((_, i) => participate(i))),
      sleep(clock, patience).then(() => {
        throw new Error(`stalled: ${JSON.stringify(server?.progress)}`);
      }),
    ]);
    over = true;
    await serving;
    const last = server as FederatedServer<PlainData>;
    const kept = new Map<ClientId, PlainData | undefined>();
    for (const [i, store] of disks.entries()) {
      const id = `client ${i}`;
      const own = federatedClient({
        id,
        pipeline: pipeline(clock, id),
        trainer: trainer(i),
        local: () => ({ steps: 1, batchSize: 'all', learningRate: 1 }),
        exchange: memoryTransport(handler, id),
        store,
        clock,
      });
      kept.set(id, await own.state());
    }
    return {
      witness,
      state: last.state,
      records: await last.records(),
      kept,
      lives: { server: boots, clients: lives },
    };
  };
  return clock.run(everything());
}
