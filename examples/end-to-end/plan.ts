/**
 * What goes wrong in one run, drawn from a seed: who dies when and for how long, who loses the network, how bad it is. For
 * runs in one process with time that is virtual, and for processes over a real network that read the same plan.
 *
 * @module
 */
import { seededRng, type SeededRng } from '@fedkit/core';
import type { Faults } from '@fedkit/core/transport/memory';

/** From `from` on, for `milliseconds`. */
export interface Outage {
  readonly from: number;
  readonly milliseconds: number;
}

/** Everything that happens to one run. Times in milliseconds from its start. */
export interface Plan {
  readonly seed: string;
  /** Times in which the server's process is dead. */
  readonly server: readonly Outage[];
  readonly clients: readonly {
    /** Times in which the process is dead. */
    readonly deaths: readonly Outage[];
    /** Times in which nothing gets through. */
    readonly offline: readonly Outage[];
  }[];
  /** Until `until`; from then on the network is perfect. */
  readonly faults: Faults;
  readonly until: number;
}

/** What a plan is drawn from. */
export interface PlanOptions {
  readonly seed: string;
  readonly clients: number;
  /** When things stop going wrong, so that every run can end. */
  readonly until: number;
  /** About how often in that time the server dies, and a client dies or is offline; default 2. */
  readonly outages?: number;
}

/** The plan of a seed. */
export function drawPlan({ seed, clients, until, outages = 2 }: PlanOptions): Plan {
  const root = seededRng(seed);
  const draw = (rng: SeededRng, longest: number): Outage[] =>
    Array.from({ length: rng.below(2 * outages + 1) }, () => {
      const from = until * rng.uniform();
      return { from, milliseconds: Math.min(longest * rng.uniform() ** 2, until - from) };
    });
  const rng = root.fork('network');
  const bad = rng.uniform();
  return {
    seed,
    server: draw(root.fork('server'), until / 10),
    clients: Array.from({ length: clients }, (_, i) => ({
      deaths: draw(root.fork('deaths', i), until / 4),
      offline: draw(root.fork('offline', i), until / 4),
    })),
    until,
    faults: {
      requestLoss: 0.2 * bad * rng.uniform(),
      responseLoss: 0.2 * bad * rng.uniform(),
      duplication: 0.4 * bad * rng.uniform(),
      delay: { minimum: 1, maximum: 1 + 2500 * bad * rng.uniform() },
      timeout: 4000,
    },
  };
}

/** Whether `time` is in one of the outages. */
export function isOut(outages: readonly Outage[], time: number): boolean {
  return outages.some(({ from, milliseconds }) => time >= from && time < from + milliseconds);
}
