/**
 * What a server that lies to each client in every message after set-up can open, on paper: who masks with whom, who
 * releases which share, and which sums follow. Places are places on the ring; the complete graph has no order.
 *
 * @module
 */

/** A round as the model sees it. */
export interface CutRound {
  readonly clients: number;
  /** Neighbours of a client; `clients − 1` in the complete graph. */
  readonly degree: number;
  readonly threshold: number;
  readonly minimumClients: number;
  /** Places of the clients in league with the server. */
  readonly corrupt: ReadonlySet<number>;
}

/** Which rules clients keep; all of them is what this package's clients do. */
export interface CutRules {
  /** A client's seed is shared among exactly the peers it masked with; rings. */
  readonly included: boolean;
  /** Shares are released only with t words, or signatures, of peers on the same bitmap. */
  readonly acknowledged: boolean;
  /** A bitmap that names a peer it did not mask with is refused. */
  readonly refusesUnmasked: boolean;
  /** A dealer that released opens shares of its own seed. */
  readonly dealersOpen: boolean;
}

/** The rules of this version on rings. */
export const RING_RULES: CutRules = {
  included: true,
  acknowledged: true,
  refusesUnmasked: true,
  dealersOpen: false,
};
/** The rules of this version in the complete graph. */
export const COMPLETE_RULES: CutRules = { ...RING_RULES, included: false, dealersOpen: true };
/** The rules up to protocol version 1, without identities. */
export const EARLIER_RULES: CutRules = {
  included: false,
  acknowledged: false,
  refusesUnmasked: true,
  dealersOpen: false,
};
/** The rules up to protocol version 1, with identities. */
export const EARLIER_SIGNED_RULES: CutRules = { ...EARLIER_RULES, acknowledged: true, dealersOpen: true };

/** What the server tells each client, by place: rows of 0 and 1. */
export interface CutPlan {
  /** Which peers dealt, and so whom it masks with; only bits of neighbours count. */
  readonly dealt: readonly Uint8Array[];
  /** Who survived. */
  readonly survived: readonly Uint8Array[];
}

/** What follows from a plan. */
export interface CutOutcome {
  /** Clients that acknowledged what they were told. */
  readonly accepting: readonly boolean[];
  readonly releasing: readonly boolean[];
  /** Honest clients whose seed, or mask key, the server has t shares of. */
  readonly seeds: readonly boolean[];
  readonly keys: readonly boolean[];
  /** The sums it can open: the honest clients in each, smallest first. */
  readonly sums: readonly (readonly number[])[];
}

/** The neighbours of a place, ascending. */
export function neighboursOf({ clients, degree }: CutRound, place: number): number[] {
  if (degree === clients - 1) return Array.from({ length: clients }, (_, i) => i).filter((other) => other !== place);
  const near: number[] = [];
  for (let step = 1; step <= degree / 2; step++) {
    near.push((place + step) % clients, (place - step + clients) % clients);
  }
  return near.sort((a, b) => a - b);
}

/**
 * Plays a plan: corrupt clients mask with everybody, vouch for every bitmap and give every share they hold of both kinds.
 *
 * @complexity O(clients · degree), and a comparison of bitmaps for each pair of neighbours that differ.
 */
export function playPlan(round: CutRound, rules: CutRules, { dealt, survived }: CutPlan): CutOutcome {
  const { clients, threshold, minimumClients, corrupt } = round;
  const complete = round.degree === clients - 1;
  const own = complete ? 1 : 0;
  const near = Array.from({ length: clients }, (_, place) => neighboursOf(round, place));
  const honest = (place: number): boolean => !corrupt.has(place);
  const masksWith = (place: number, peer: number): boolean => !honest(place) || dealt[place][peer] === 1;
  const classes = classesOf(survived);
  const count = (row: Uint8Array): number => row.reduce((sum, bit) => sum + bit, 0);
  const masked = near.map((peers, place) => {
    const dealers = peers.filter((peer) => masksWith(place, peer)).length + own;
    return !honest(place) || dealers >= (complete ? Math.max(threshold, minimumClients) : threshold);
  });
  const accepting = near.map((peers, place) => {
    if (!honest(place)) return true;
    const bitmap = survived[place];
    const named = peers.filter((peer) => bitmap[peer] === 1);
    return (
      masked[place] &&
      bitmap[place] === 1 &&
      count(bitmap) >= Math.max(minimumClients, complete ? threshold : 0) &&
      named.length + own >= threshold &&
      (!rules.refusesUnmasked || named.every((peer) => masksWith(place, peer)))
    );
  });
  const releasing = near.map((peers, place) => {
    if (!honest(place) || !accepting[place] || !rules.acknowledged) return accepting[place];
    const words = peers.filter((peer) => {
      // Whoever refuses unmasked peers counts no word of one, and gives it none.
      if (survived[place][peer] !== 1 || (rules.refusesUnmasked && !masksWith(place, peer))) return false;
      if (!honest(peer)) return true;
      const gives = survived[peer][place] === 1 && (!rules.refusesUnmasked || masksWith(peer, place));
      return accepting[peer] && classes[peer] === classes[place] && gives;
    });
    return words.length + own >= threshold;
  });
  const seeds = near.map((holders, dealer) => {
    if (!honest(dealer) || !masked[dealer]) return false;
    if (rules.dealersOpen && releasing[dealer]) return true;
    const shares = holders.filter((holder) => {
      if (rules.included && !masksWith(dealer, holder)) return false;
      if (!honest(holder)) return true;
      return releasing[holder] && survived[holder][dealer] === 1 && masksWith(holder, dealer);
    });
    return shares.length + (complete && releasing[dealer] ? 1 : 0) >= threshold;
  });
  const keys = near.map((holders, dealer) => {
    if (!honest(dealer)) return false;
    const shares = holders.filter(
      (holder) => !honest(holder) || (releasing[holder] && survived[holder][dealer] === 0 && masksWith(holder, dealer)),
    );
    return shares.length >= threshold;
  });
  const sums = openable(round, near, masked, masksWith, seeds, keys);
  return { accepting, releasing, seeds, keys, sums };
}

/**
 * The server learns Σ a_v · y_v where every mask it does not know cancels: of honest clients whose keys it lacks, both
 * sides of a common mask count alike, and who added one that the other did not does not count.
 */
function openable(
  { clients, corrupt }: CutRound,
  near: readonly (readonly number[])[],
  masked: readonly boolean[],
  masksWith: (place: number, peer: number) => boolean,
  seeds: readonly boolean[],
  keys: readonly boolean[],
): number[][] {
  const parent = Array.from({ length: clients }, (_, place) => place);
  const root = (place: number): number => {
    let at = place;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  };
  const hidden = (place: number): boolean => !corrupt.has(place) && !keys[place];
  const closed = new Set<number>();
  const links: [number, number][] = [];
  for (let place = 0; place < clients; place++) {
    if (corrupt.has(place) || !masked[place]) continue;
    if (!seeds[place]) closed.add(place);
    if (!hidden(place)) continue;
    for (const peer of near[place]) {
      if (!hidden(peer) || !masksWith(place, peer)) continue;
      if (masked[peer] && masksWith(peer, place)) links.push([place, peer]);
      else closed.add(place);
    }
  }
  for (const [a, b] of links) parent[root(a)] = root(b);
  const sums = new Map<number, number[]>();
  for (let place = 0; place < clients; place++) {
    if (corrupt.has(place) || !masked[place]) continue;
    sums.set(root(place), [...(sums.get(root(place)) ?? []), place]);
  }
  return [...sums.values()]
    .filter((sum) => !sum.some((place) => closed.has(place)))
    .sort((a, b) => a.length - b.length);
}

/** A number for each bitmap, the same for the same one. */
function classesOf(rows: readonly Uint8Array[]): number[] {
  const known = new Map<string, number>();
  return rows.map((row) => {
    const text = row.join('');
    if (!known.has(text)) known.set(text, known.size);
    return known.get(text) as number;
  });
}
