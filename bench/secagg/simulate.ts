// A whole round with the CPU of either side taken apart.
import { type RoundConfig, SecAggServer, type ServerStage } from '@fedkit/secagg';
import { type Crew, crewHere, makeInputs, type Said, spent } from './crew.ts';

export interface Simulation {
  /** CPU milliseconds of the server by the stage it was in. */
  readonly server: Partial<Record<ServerStage, number>>;
  /** CPU milliseconds of each client that answered everything, and its bytes up and down. */
  readonly clients: { readonly cpu: number; readonly up: number; readonly down: number }[];
  readonly wallSeconds: number;
  /** Resident bytes of this process before the masks were taken out. */
  readonly residentBytes: number;
  readonly survivors: number;
}

/**
 * Runs the round with the clients of a crew, of this process unless said; the given ones fall silent before they send their masked input.
 * Throws where the sum is wrong.
 */
export async function simulate(
  config: RoundConfig,
  dropped: ReadonlySet<number>,
  crew: Crew = crewHere(config, false),
): Promise<Simulation> {
  const began = performance.now();
  const cpu = Array.from({ length: config.clients }, () => ({ cpu: 0, up: 0, down: 0, answers: 0 }));
  const server: Partial<Record<ServerStage, number>> = {};
  const secure = new SecAggServer({ config });
  // One call after the other: of two at once, each would be charged for both.
  let last: Promise<unknown> = Promise.resolve();
  const onServer = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(() => {
      const { stage } = secure;
      return spent(work, (time) => {
        server[stage] = (server[stage] ?? 0) + time;
      });
    });
    last = next;
    return next;
  };
  const took = async (place: number, said: Said): Promise<void> => {
    cpu[place].cpu += said.cpu;
    cpu[place].up += said.message.length;
    await onServer(() => secure.receive(`c${place}`, said.message));
  };
  await inLanes(
    crew.lanes,
    cpu.map((_, place) => place),
    async (place) => took(place, await crew.start(place)),
  );
  let residentBytes = 0;
  while (secure.stage !== 'finished') {
    if (secure.stage === 'unmask') {
      (globalThis as { gc?: () => void }).gc?.();
      residentBytes = process.memoryUsage.rss();
    }
    const messages = await onServer(() => secure.advance());
    const { stage } = secure;
    const places = [...messages.keys()].map((id) => Number(id.slice(1)));
    await inLanes(crew.lanes, places, async (place) => {
      if (stage === 'input' && dropped.has(place)) return crew.drop(place);
      const message = (await onServer(async () => messages.get(`c${place}`))) as Uint8Array;
      cpu[place].down += message.length;
      cpu[place].answers += stage === 'unmask' ? 1 : 0;
      await took(place, await crew.answer(place, stage, message));
    });
  }
  await crew.end();
  const { sums, survivors } = secure.result();
  const inputs = makeInputs(config);
  for (const { name } of config.vectors) {
    const wanted = survivors.reduce((sum, id) => sum + inputs[Number(id.slice(1)) % inputs.length][name][0], 0);
    if (sums[name].some((value) => value !== wanted)) throw new Error('the sum is wrong');
  }
  return {
    server,
    clients: cpu.filter(({ answers }) => answers > 0),
    wallSeconds: (performance.now() - began) / 1000,
    residentBytes,
    survivors: survivors.length,
  };
}

/** Does some work for each place, so many at once. */
async function inLanes(
  lanes: number,
  places: readonly number[],
  work: (place: number) => Promise<void>,
): Promise<void> {
  const left = places.values();
  const lane = async (): Promise<void> => {
    for (const place of left) await work(place);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/** Every `1/fraction`-th client. */
export function every(clients: number, fraction: number): Set<number> {
  const dropped = new Set<number>();
  for (let i = 1; i <= Math.floor(clients * fraction); i++) dropped.add(Math.ceil(i / fraction) - 1);
  return dropped;
}
