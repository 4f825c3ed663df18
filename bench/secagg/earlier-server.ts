// The server of the kit that lies in every message after set-up, against clients of protocol version 1: its modules come from a
// checkout of that commit, so that nothing here is typed by today's.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

// Modules of another version.
// oxlint-disable-next-line typescript/no-explicit-any
type Other = any;

/** What the server tells each client, by place on the ring: rows of 0 and 1. */
interface Plan {
  readonly dealt: readonly Uint8Array[];
  readonly survived: readonly Uint8Array[];
}

/** Loads the modules that an attack needs. */
export async function earlierModules(root: string): Promise<Other> {
  const load = (file: string): Promise<Other> => import(pathToFileURL(join(root, 'packages/secagg/src', file)).href);
  const files = [
    'index.ts',
    'testing/index.ts',
    'config/round-config.ts',
    'crypto/default-provider.ts',
    'executor/mask-task.ts',
    'graph/harary.ts',
    'messages/header.ts',
    'messages/masked-input.ts',
    'messages/member.ts',
    'messages/opening-request.ts',
    'messages/openings.ts',
    'messages/shares.ts',
    'messages/signatures.ts',
    'messages/survivors.ts',
    'messages/unmask-request.ts',
    'messages/unmask-response.ts',
    'server/accept.ts',
    'server/advance.ts',
    'server/round.ts',
    'shamir.ts',
    'share-encryption.ts',
    'sum/vector-sum.ts',
    'testing/identities.ts',
    'transcript.ts',
  ];
  return Object.assign({}, ...(await Promise.all(files.map(load))));
}

/** Sets a round up honestly, lies as a plan says, and opens what it can. */
export class EarlierServer {
  readonly #lib: Other;
  readonly #config: Other;
  readonly #round: Other;
  readonly #clients: Other[];
  readonly #ids: string[];
  readonly #uploads: (Uint8Array[] | undefined)[] = [];
  readonly #responses: Other[] = [];
  #order: number[] = [];
  #places: number[] = [];
  #plan: Plan = { dealt: [], survived: [] };
  refusals = 0;

  constructor(lib: Other, options: Record<string, unknown>) {
    this.#lib = lib;
    const config = lib.roundConfig(options);
    this.#config = config;
    this.#round = new lib.ServerRound(config, lib.roundConfigDigest(config));
    this.#ids = Array.from({ length: config.clients }, (_, i) => `c${i}`);
    const signing = config.identities ? lib.testingIdentities(this.#ids, 'earlier') : undefined;
    this.#clients = this.#ids.map(
      (id) =>
        new lib.SecAggClient({
          id,
          config,
          policy: lib.acceptingPolicy(config),
          persist: async () => undefined,
          sealingKey: new Uint8Array(32),
          ...(signing && { identity: signing.identities[id], directory: signing.directory }),
        }),
    );
  }

  /** The smallest sum of a plan, if it opens: how many inputs are in it. @param sum - Places on the ring. */
  async opens(plan: Plan, sum: readonly number[]): Promise<boolean> {
    this.#plan = plan;
    await this.#setUp();
    const members = this.#round.members.map(({ index }: { index: number }) => index);
    const lib = this.#lib;
    for (const member of members) {
      const dealt = this.#peers(member).map((peer) => this.#told('dealt', member, peer));
      this.#clients[member].setInput({ update: Int32Array.of(member % 100, -(member % 100), 1) });
      const answer = await this.#offer(
        member,
        lib.encodeInbox(this.#config, member, dealt, this.#round.inboxOf(member)),
      );
      if (answer !== undefined) {
        this.#uploads[member] = lib.decodeMaskedInput(this.#config, answer.body.slice()) as Uint8Array[];
      }
    }
    for (const [member, request] of await this.#requests(members)) {
      const answer = await this.#offer(member, request);
      if (answer === undefined) continue;
      this.#responses[member] = lib.decodeUnmaskResponse(answer.body.slice(), this.#dealers(member).length);
    }
    return this.#isExact(sum.map((place) => this.#order[place]));
  }

  async #setUp(): Promise<void> {
    const lib = this.#lib;
    const [config, round] = [this.#config, this.#round];
    const accept = (stage: string, member: number, bytes: Uint8Array): void =>
      lib.acceptMessage(round, stage, new TextEncoder().encode(this.#ids[member]), lib.decodeMessage(config, bytes));
    for (const [member, client] of this.#clients.entries()) accept('advertise', member, await client.start());
    let opened = lib.openStage(round, 'advertise');
    for (;;) {
      for (const member of opened.recipients) {
        accept(opened.stage, member, await this.#clients[member].receive(opened.make(member)));
      }
      if (opened.stage === 'share') break;
      opened = lib.openStage(round, opened.stage);
    }
    const all = Array.from({ length: config.clients }, (_, i) => i);
    this.#order = round.complete ? all : [...lib.ringOrder(lib.jointSeed(round.transcript), config.clients)];
    this.#order.forEach((member, place) => (this.#places[member] = place));
  }

  /** Each client its own bitmap; where survivors are signed, with the signatures of those that signed the same. */
  async #requests(members: readonly number[]): Promise<[number, Uint8Array][]> {
    const lib = this.#lib;
    const [config, round] = [this.#config, this.#round];
    const bitmap = (member: number): boolean[] => members.map((other) => this.#told('survived', member, other));
    if (!lib.hasConsistencyRound(config)) {
      return members.map((member) => {
        const all = bitmap(member);
        const total = round.complete ? all.filter(Boolean).length : config.clients;
        const survived = round.complete ? all : this.#peers(member).map((peer) => all[peer]);
        return [member, lib.encodeUnmaskRequest(config, round.complete ? lib.NO_INDEX : member, { total, survived })];
      });
    }
    const bodies = members.map((member) => lib.encodeSurvivorsBody(bitmap(member)) as Uint8Array);
    const names = bodies.map((body) => Buffer.from(body).toString('hex'));
    const signed: (Uint8Array | undefined)[] = [];
    for (const member of members) {
      const answer = await this.#offer(member, lib.encodeSurvivors(config, bodies[member]));
      signed[member] = answer?.signed?.signature.slice();
    }
    return members.map((member) => {
      const places = round.complete ? members : this.#peers(member);
      let left: number = config.threshold;
      const signatures = places.map((peer) => {
        const shown = names[peer] === names[member] && this.#told('survived', member, peer) && left > 0;
        if (!shown || signed[peer] === undefined) return undefined;
        left--;
        return signed[peer];
      });
      const hash = lib.survivorsHash(round.transcript, bodies[member]);
      return [member, lib.encodeSignatures(config, round.complete ? lib.NO_INDEX : member, { hash, signatures })];
    });
  }

  async #isExact(members: readonly number[]): Promise<boolean> {
    const lib = this.#lib;
    const round = this.#round;
    const layout = round.layout();
    const total = new lib.VectorSum(layout.vectors);
    const inside = new Set(members);
    const party = (member: number): Other => lib.maskParty(round.members[member]);
    const around = new Map<number, number[]>();
    const remove = (masks: object): Promise<void> =>
      lib.runMaskTask(lib.defaultProvider(), { layout, selfMasks: [], pairMasks: [], ...masks }, total);
    for (const member of members) {
      const seed = await this.#rebuild(member, 'selfMask');
      const upload = this.#uploads[member];
      if (seed === undefined || upload === undefined) return false;
      upload.forEach((packed, i) => total.addPacked(i, packed));
      await remove({ selfMasks: [{ party: party(member), seed }] });
      for (const peer of this.#dealers(member)) {
        if (!inside.has(peer)) around.set(peer, [...(around.get(peer) ?? []), member]);
      }
    }
    for (const [peer, ones] of around) {
      const secretKey = await this.#rebuild(peer, 'maskKey');
      if (secretKey === undefined) return false;
      await remove({ pairMasks: [{ party: party(peer), secretKey, survivors: ones.map(party) }] });
    }
    const first = members.reduce((sum, member) => sum + (member % 100), 0);
    const modulus = 2 ** layout.vectors[0].bits;
    const got: number[] = Array.from(total.centered(0));
    return [first, -first, members.length].every((value, i) => (got[i] - value) % modulus === 0);
  }

  async #rebuild(dealer: number, kind: 'selfMask' | 'maskKey'): Promise<Uint8Array | undefined> {
    const lib = this.#lib;
    const { threshold } = this.#config;
    const shares = new Map<number, Uint32Array>();
    for (const holder of [...this.#peers(dealer), ...(this.#round.complete ? [dealer] : [])]) {
      const released = this.#responses[holder];
      const place = this.#dealers(holder).indexOf(dealer);
      const survivor = holder === dealer || this.#told('survived', holder, dealer);
      if (place < 0 || released?.present[place] !== true || survivor !== (kind === 'selfMask')) continue;
      shares.set(holder, released.words.slice(place * lib.LIMBS, (place + 1) * lib.LIMBS));
    }
    if (kind === 'selfMask' && shares.size < threshold && this.#config.identities) {
      for (const [holder, share] of await this.#openedByDealer(dealer)) shares.set(holder, share);
    }
    if (shares.size < threshold) return undefined;
    const some = [...shares].slice(0, threshold);
    const weights = lib.interpolationWeights(Uint32Array.from(some, ([holder]) => holder + 1));
    return lib.combineWords(
      weights,
      some.map(([, words]) => words),
      new Uint32Array(threshold),
    );
  }

  /** In version 1 a dealer that released shares opened all of its own seed's. */
  async #openedByDealer(dealer: number): Promise<Map<number, Uint32Array>> {
    const lib = this.#lib;
    const shares = new Map<number, Uint32Array>();
    if (this.#responses[dealer] === undefined) return shares;
    const peers = this.#peers(dealer);
    const dealings = peers.map((holder) => ({ dealer, holder, kind: 'selfMask' }));
    const answer = await this.#offer(dealer, lib.encodeOpeningRequest(this.#config, dealer, dealings));
    if (answer === undefined) return shares;
    const { keys } = lib.decodeOpenings(answer.body, peers.length);
    const { context } = this.#round.layout();
    const [from, ...to] = [dealer, ...peers].map((member) => lib.channelParty(this.#round.members[member]));
    peers.forEach((holder, i) => {
      const sealed = this.#round.pairOf(dealer, holder).subarray(lib.SEALED_SHARE_BYTES);
      const share = lib.openWithKey(lib.defaultProvider(), context, keys[i], from, to[i], 'selfMask', sealed);
      if (share !== undefined) shares.set(holder, new Uint32Array(share.slice().buffer));
    });
    return shares;
  }

  #told(what: keyof Plan, member: number, other: number): boolean {
    return this.#plan[what][this.#places[member]][this.#places[other]] === 1;
  }

  #peers(member: number): number[] {
    return [...this.#round.peersOf(member)];
  }

  #dealers(member: number): number[] {
    const peers = this.#peers(member).filter((peer) => this.#told('dealt', member, peer));
    return this.#round.complete ? [...peers, member].sort((a, b) => a - b) : peers;
  }

  async #offer(member: number, message: Uint8Array): Promise<Other> {
    try {
      return this.#lib.decodeMessage(this.#config, await this.#clients[member].receive(message));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'FedkitError') throw error;
      this.refusals++;
      return undefined;
    }
  }
}
