/**
 * The cuts a lying server can look for: families of plans, each over a few numbers. A family that finds nothing proves
 * nothing; the proof is in docs/threat-model.md, and this holds it against what is known to work elsewhere.
 *
 * @module
 */
import { assign } from './max-flow.ts';
import { type CutOutcome, type CutPlan, type CutRound, type CutRules, neighboursOf, playPlan } from './model.ts';

/** A plan that opens something, and what. */
export interface Cut {
  readonly family: CutFamily;
  readonly round: CutRound;
  readonly plan: CutPlan;
  readonly outcome: CutOutcome;
  /** Honest clients in the smallest sum it opens. */
  readonly smallest: number;
}

/** How a plan is made, see {@link searchCuts}. */
export type CutFamily = (typeof CUT_FAMILIES)[number];

/**
 * `bitmap-each`: every client is told survivors of its own, by maximum flow. `gap`: an arc is told that its neighbours
 * never dealt. `interleaved`: two sets round the ring, each of which masks with itself and the corrupt alone.
 * `arcs`: everybody masks with everybody, and each arc of the ring misses other survivors. `one-sided`: a few do not mask with
 * the other survivors, who mask with them; complete graph.
 */
export const CUT_FAMILIES = ['bitmap-each', 'gap', 'interleaved', 'arcs', 'one-sided'] as const;

/** The best plan of each family that opens something, smallest sum first. */
export function searchCuts(round: CutRound, rules: CutRules): Cut[] {
  const families = { 'bitmap-each': bitmapEach, gap, interleaved, arcs, 'one-sided': oneSided };
  const cuts = CUT_FAMILIES.flatMap((family) => {
    const plans = [...families[family](round, rules)].flatMap((plan) => {
      const outcome = playPlan(round, rules, plan);
      const [first] = outcome.sums;
      return first === undefined ? [] : [{ family, round, plan, outcome, smallest: first.length }];
    });
    return plans.sort((a, b) => a.smallest - b.smallest).slice(0, 1);
  });
  return cuts.sort((a, b) => a.smallest - b.smallest);
}

const ones = (length: number): Uint8Array => new Uint8Array(length).fill(1);
const allDealt = (clients: number): Uint8Array[] => {
  const row = ones(clients);
  return Array.from({ length: clients }, () => row);
};
const isComplete = ({ clients, degree }: CutRound): boolean => degree === clients - 1;

/** The arc [0, size) against its neighbours: each of them is called dropped by t of its holders. The smallest that goes. */
function* bitmapEach(round: CutRound, { acknowledged }: CutRules): Generator<CutPlan> {
  if (acknowledged) return;
  let [below, size] = [0, 1];
  while (size < round.clients && cutOff(round, size) === undefined) [below, size] = [size, 2 * size];
  if (size >= round.clients) size = round.clients - 1;
  while (size - below > 1) {
    const middle = (below + size) >> 1;
    if (cutOff(round, middle) === undefined) below = middle;
    else size = middle;
  }
  const plan = cutOff(round, size);
  if (plan !== undefined) yield plan;
}

function cutOff(round: CutRound, size: number): CutPlan | undefined {
  const { clients, degree, threshold, minimumClients, corrupt } = round;
  const inside = (place: number): boolean => place < size;
  const outside = new Set<number>();
  for (let place = 0; place < size; place++) {
    for (const peer of neighboursOf(round, place)) if (!inside(peer) && !corrupt.has(peer)) outside.add(peer);
  }
  const dropped = [...outside];
  const may = isComplete(round) ? clients - Math.max(threshold, minimumClients) : degree - threshold;
  const supplies = Array.from({ length: clients }, (_, place) => (corrupt.has(place) ? 0 : may));
  const holders = dropped.map((place) => neighboursOf(round, place));
  const demands = holders.map((peers) => Math.max(0, threshold - peers.filter((peer) => corrupt.has(peer)).length));
  const marks = assign(supplies, demands, holders);
  if (marks === undefined) return undefined;
  const survived = Array.from({ length: clients }, () => ones(clients));
  marks.forEach((sources, i) => {
    for (const holder of sources) survived[holder][dropped[i]] = 0;
  });
  return { dealt: allDealt(clients), survived };
}

/**
 * An arc and what lies `hole` places beyond it on either side mask with each other and not across the hole; they are told
 * that the hole dropped, everybody else that they themselves did. Sizes are tried on a smaller ring, since what is far from
 * the arc is all alike.
 */
function* gap(round: CutRound, rules: CutRules): Generator<CutPlan> {
  if (isComplete(round)) return;
  const { degree, clients, minimumClients } = round;
  const missing = clients - minimumClients;
  const step = Math.ceil(degree / 32);
  let best: { size: number; hole: number; opened: number } | undefined;
  for (let size = 1; size <= degree; size += step) {
    for (let hole = 1; hole < degree / 2; hole += step) {
      const span = size + degree;
      if (2 * hole > missing || span - 2 * hole > missing || span + degree > clients) continue;
      const small = Math.min(clients, span + 2 * degree);
      const corrupt = new Set([...round.corrupt].map((at) => mirrored(at, clients, small)).filter((at) => at >= 0));
      const on = { ...round, clients: small, minimumClients: small - missing, corrupt };
      const sums = playPlan(on, rules, gapPlan(on, size, hole)).sums.filter((sum) => sum.length <= span);
      const opened = sums[0]?.length ?? Infinity;
      if (opened < (best?.opened ?? Infinity)) best = { size, hole, opened };
    }
  }
  if (best !== undefined) yield gapPlan(round, best.size, best.hole);
}

function gapPlan({ clients, degree }: CutRound, size: number, hole: number): CutPlan {
  const half = degree / 2;
  const arc = new Set<number>();
  const beyond = new Set<number>();
  const hidden = new Set<number>();
  for (let offset = -half; offset < size + half; offset++) {
    const distance = offset < 0 ? -offset : offset < size ? 0 : offset - size + 1;
    (distance === 0 ? arc : distance <= hole ? hidden : beyond).add((offset + clients) % clients);
  }
  const except = (...sets: ReadonlySet<number>[]): Uint8Array =>
    Uint8Array.from({ length: clients }, (_, at) => (sets.some((set) => set.has(at)) ? 0 : 1));
  const [first, second, all, notArc] = [except(hidden), except(beyond, arc), ones(clients), except(arc)];
  return {
    dealt: Array.from({ length: clients }, (_, at) => (arc.has(at) ? first : hidden.has(at) ? notArc : all)),
    survived: Array.from({ length: clients }, (_, at) => (arc.has(at) || beyond.has(at) ? first : second)),
  };
}

/** Places near 0 stay where they are on a smaller ring; others have none there. */
function mirrored(at: number, clients: number, small: number): number {
  if (at < small / 2) return at;
  return clients - at <= small / 2 ? small - (clients - at) : -1;
}

/** Honest clients by turns in one of two sets; each set masks with itself and the corrupt, and is told that it survived. */
function* interleaved(round: CutRound): Generator<CutPlan> {
  const { clients, corrupt } = round;
  for (const run of [1, 2, 3]) {
    let honest = 0;
    const set = Array.from({ length: clients }, (_, place) =>
      corrupt.has(place) ? 2 : Math.floor(honest++ / run) % 2,
    );
    const rows = [0, 1].map((mine) => Uint8Array.from(set, (other) => (other === mine || other === 2 ? 1 : 0)));
    const told = set.map((mine) => rows[mine % 2]);
    yield { dealt: told, survived: told };
    // The same where everybody may mask with everybody: only the survivors differ.
    yield { dealt: allDealt(clients), survived: told };
  }
}

/** The ring in arcs, each of which misses as many survivors in its middle as it may. */
function* arcs(round: CutRound): Generator<CutPlan> {
  const { clients, degree, minimumClients, corrupt } = round;
  const missing = clients - minimumClients;
  const arcOf = (place: number, count: number): number => Math.floor((place * count) / clients);
  for (let count = 2; count * degree <= 2 * clients + degree && count <= 12; count++) {
    for (const step of [1, 2, 3, Math.max(1, degree >> 1)]) {
      const rows = Array.from({ length: count }, (_, arc) => {
        const [start, stop] = [Math.ceil((arc * clients) / count), Math.ceil(((arc + 1) * clients) / count)];
        const row = ones(clients);
        const middle = (start + stop - 1 - step * (missing - 1)) / 2;
        for (let i = 0, at = Math.round(middle); i < missing && at < stop; at += step) {
          if (at < start || corrupt.has(at)) continue;
          row[at] = 0;
          i++;
        }
        return row;
      });
      const survived = Array.from({ length: clients }, (_, place) => {
        // A dropped client is told what leaves it in: what the arc after it is told.
        const mine = arcOf(place, count);
        return rows[mine][place] === 1 ? rows[mine] : rows[(mine + 1) % count];
      });
      yield { dealt: allDealt(clients), survived };
    }
  }
}

/** Those before `size` mask with themselves and the dropped; other survivors mask with everybody. */
function* oneSided(round: CutRound): Generator<CutPlan> {
  const { clients, threshold, minimumClients } = round;
  if (!isComplete(round)) return;
  const survivors = Math.max(threshold, minimumClients);
  const told = Uint8Array.from({ length: clients }, (_, place) => (place < survivors ? 1 : 0));
  for (let size = Math.max(1, 2 * survivors - clients); size < survivors; size++) {
    const apart = Uint8Array.from({ length: clients }, (_, place) => (place < size || place >= survivors ? 1 : 0));
    yield {
      dealt: Array.from({ length: clients }, (_, place) => (place < size ? apart : ones(clients))),
      survived: Array.from({ length: clients }, () => told),
    };
  }
}
