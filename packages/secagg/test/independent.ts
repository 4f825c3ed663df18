// A second implementation of the protocol, from docs/secagg-protocol.md alone: node:crypto, BigInt and plain parsing,
// nothing of the package. It follows a recorded round with everybody's secrets and recomputes what it can.
import { createCipheriv, createDecipheriv, createPublicKey, verify } from 'node:crypto';
import { agree, hmac, interpolate, label, publicOf, sha256, u32, u8 } from './independent-primitives.ts';
import { bodies, readRound, type Person, type Vector } from './independent-reading.ts';
import type { RoundVector } from './transcripts/format.ts';

const IDENTITY = Buffer.from('302a300506032b6570032100', 'hex');

/** Follows the whole round; throws at the first byte that is not as the protocol says. Returns the sums it finds. */
export function followRound(vector: RoundVector): Record<string, number[]> {
  const { config, configDigest, people, all, transcript, peers } = readRound(vector);
  const secrets = new Map(vector.clients.map((client) => [client.id, client]));
  const secret = (person: Person, field: 'channelSecret' | 'maskSecret' | 'selfMaskSeed'): Buffer =>
    Buffer.from(secrets.get(person.id.toString())?.[field] ?? '', 'hex');
  const expect = (what: string, got: Uint8Array, wanted: Uint8Array): void => {
    if (!Buffer.from(got).equals(Buffer.from(wanted))) throw new Error(`${vector.name}: ${what}`);
  };
  const info = (purpose: number, parties: readonly [Person, 'channelKey' | 'maskKey'][], mask?: Vector): Buffer =>
    Buffer.concat([
      Buffer.from('fedkit/secagg/v2'),
      u8(purpose, parties.length),
      config.session,
      u32(config.round),
      ...parties.flatMap(([person, key]) => [u32(person.index), u8(person.id.length), person.id, person[key]]),
      ...(mask === undefined ? [] : [u8(mask.name.length), mask.name, u8(mask.bits), u32(mask.length)]),
    ]);
  const derive = (input: Uint8Array, purposeInfo: Buffer): Buffer => hmac(hmac(transcript, input), purposeInfo, u8(1));

  const signedBy = (client: string, content: Uint8Array, signature: Uint8Array): boolean => {
    const key = Buffer.from(secrets.get(client)?.identity?.publicKey ?? '', 'hex');
    const publicKey = createPublicKey({ key: Buffer.concat([IDENTITY, key]), format: 'der', type: 'spki' });
    return verify(
      null,
      Buffer.concat([Buffer.from('fedkit/secagg/v2/signature'), configDigest, content]),
      publicKey,
      signature,
    );
  };
  for (const { direction, client, bytes } of vector.messages) {
    const message = Buffer.from(bytes, 'hex');
    if ((message[5] === 1) !== (config.identities && direction === 'up')) throw new Error(`${vector.name}: flags`);
    if (message[5] === 1 && !signedBy(client, message.subarray(0, -64), message.subarray(-64))) {
      throw new Error(`${vector.name}: signature of ${client}`);
    }
  }

  for (const person of all) {
    expect('channel key', person.channelKey, publicOf(secret(person, 'channelSecret')));
    expect('mask key', person.maskKey, publicOf(secret(person, 'maskSecret')));
  }

  // Shares: opened by every holder with its own secret, and rebuilt.
  const dealt = bodies(vector, 'up', 6);
  const dealers = all.filter(({ id }) => dealt.has(id.toString()));
  // Complete graph: commitment and both shares in message 6. Ring: the mask key's there, the seed's after the masked input.
  const inputs = bodies(vector, 'up', 8);
  const packedBytes = config.vectors.reduce((sum, of) => sum + Math.ceil((of.length * of.bits) / 8), 0);
  const bodyOf = (messages: ReturnType<typeof bodies>, person: Person): Buffer =>
    messages.get(person.id.toString())?.body ?? Buffer.alloc(0);
  const maskedWith = (person: Person): Person[] => peers[person.index].filter((other) => dealers.includes(other));
  const seedsOf = (dealer: Person): Buffer => bodyOf(inputs, dealer).subarray(packedBytes);
  const commitmentOf = (dealer: Person): Buffer =>
    (config.harary ? seedsOf(dealer) : bodyOf(dealt, dealer)).subarray(0, 32);
  const sealedOf = (dealer: Person, holder: Person, purpose: number): Buffer => {
    const place = peers[dealer.index].indexOf(holder);
    if (!config.harary)
      return bodyOf(dealt, dealer)
        .subarray(36 + 104 * place + 52 * (purpose - 3))
        .subarray(0, 52);
    if (purpose === 3)
      return bodyOf(dealt, dealer)
        .subarray(4 + 52 * place)
        .subarray(0, 52);
    return seedsOf(dealer)
      .subarray(36 + 52 * maskedWith(dealer).indexOf(holder))
      .subarray(0, 52);
  };
  const shareKey = (dealer: Person, holder: Person, purpose: number): Buffer =>
    derive(
      agree(secret(holder, 'channelSecret'), dealer.channelKey),
      info(purpose, [
        [dealer, 'channelKey'],
        [holder, 'channelKey'],
      ]),
    );
  const openOne = (dealer: Person, holder: Person, purpose: number, key: Uint8Array): Buffer => {
    const sealed = sealedOf(dealer, holder, purpose);
    const open = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 });
    open.setAAD(Buffer.concat([transcript, u8(purpose), u32(dealer.index), u32(holder.index)]), {
      plaintextLength: 36,
    });
    open.setAuthTag(sealed.subarray(36));
    return Buffer.concat([open.update(sealed.subarray(0, 36)), open.final()]);
  };
  const openDealt = (dealer: Person, holder: Person, purpose: number): Buffer =>
    openOne(dealer, holder, purpose, shareKey(dealer, holder, purpose));
  const rebuilt = (holders: readonly Person[], dealer: Person, purpose: number): Buffer =>
    interpolate(
      holders.map(({ index }) => index + 1),
      holders.map((holder) => openDealt(dealer, holder, purpose)),
    );
  for (const dealer of dealers) {
    const { length } = bodyOf(dealt, dealer);
    const size = config.harary ? 4 + 52 * peers[dealer.index].length : 36 + 104 * peers[dealer.index].length;
    if (length !== size) throw new Error(`${vector.name}: length of what was dealt`);
    const from = config.harary ? 0 : 32;
    expect('number of shares', bodyOf(dealt, dealer).subarray(from, from + 4), u32(peers[dealer.index].length));
    const holders = peers[dealer.index].slice(-config.threshold);
    expect('shares of the mask key', rebuilt(holders, dealer, 3), secret(dealer, 'maskSecret'));
    // On a ring who never masked dealt no seed.
    if (config.harary && !inputs.has(dealer.id.toString())) continue;
    const seed = secret(dealer, 'selfMaskSeed');
    const commitment = label('commitment/self-mask', transcript, u32(dealer.index), seed);
    expect('self-mask commitment', commitmentOf(dealer), commitment);
    const among = config.harary ? maskedWith(dealer).slice(0, config.threshold) : holders;
    expect('shares of the seed', rebuilt(among, dealer, 4), seed);
  }

  // Masked inputs, entry by entry.
  const stream = (key: Buffer, bytes: number): Buffer =>
    createCipheriv(
      config.chacha ? 'chacha20' : 'aes-128-ctr',
      config.chacha ? key : key.subarray(0, 16),
      Buffer.alloc(16),
    ).update(Buffer.alloc(bytes));
  const mask = (input: Uint8Array, purpose: number, parties: readonly Person[], of: Vector): bigint[] => {
    const width = of.bits > 32 ? 8 : 4;
    const words = stream(
      derive(
        input,
        info(
          purpose,
          parties.map((person) => [person, 'maskKey'] as const),
          of,
        ),
      ),
      of.length * width,
    );
    return Array.from({ length: of.length }, (_, i) =>
      width === 8 ? words.readBigUInt64LE(8 * i) : BigInt(words.readUInt32LE(4 * i)),
    );
  };
  const masked = inputs;
  const totals = config.vectors.map(({ length }) => Array.from({ length }, () => 0n));
  for (const [client, { body }] of masked) {
    const person = people.get(client) as Person;
    const { input, weight } = secrets.get(client) as RoundVector['clients'][number];
    let at = 0;
    config.vectors.forEach((of, v) => {
      const name = of.name.toString();
      const values = name === '' ? [BigInt(weight)] : input[name].map((value) => BigInt(value) * BigInt(weight));
      values.forEach((value, i) => {
        totals[v][i] += value;
      });
      const add = (words: bigint[], sign: bigint): void => words.forEach((word, i) => (values[i] += sign * word));
      add(mask(secret(person, 'selfMaskSeed'), 2, [person], of), 1n);
      for (const peer of maskedWith(person)) {
        const shared = agree(secret(person, 'maskSecret'), peer.maskKey);
        if (peer.index < person.index) add(mask(shared, 1, [peer, person], of), 1n);
        else add(mask(shared, 1, [person, peer], of), -1n);
      }
      let whole = 0n;
      for (let i = of.length - 1; i >= 0; i--) whole = (whole << BigInt(of.bits)) + BigInt.asUintN(of.bits, values[i]);
      const packed = Buffer.alloc(Math.ceil((of.length * of.bits) / 8));
      for (let i = 0; i < packed.length; i++) packed[i] = Number((whole >> BigInt(8 * i)) & 255n);
      expect('masked input', body.subarray(at, at + packed.length), packed);
      at += packed.length;
    });
    const after = config.harary ? 36 + 52 * maskedWith(person).length : 0;
    if (body.length !== at + after) throw new Error(`${vector.name}: length of the masked input`);
    if (config.harary) expect('number of seed shares', body.subarray(at + 32, at + 36), u32(maskedWith(person).length));
  }

  // Where survivors are acknowledged: one bitmap, and a word of each survivor to each of its peers among them.
  const bits = (bytes: Uint8Array, places: number): boolean[] =>
    Array.from({ length: places }, (_, i) => ((bytes[i >> 3] >> (i & 7)) & 1) === 1);
  const bitmap = (places: readonly boolean[]): Buffer => {
    const bytes = Buffer.alloc(Math.ceil(places.length / 8));
    places.forEach((bit, i) => (bytes[i >> 3] |= bit ? 1 << (i & 7) : 0));
    return bytes;
  };
  const survives = (person: Person | undefined): boolean => person !== undefined && masked.has(person.id.toString());
  const survived = Array.from({ length: config.clients }, (_, i) => survives(all[i]));
  const agreed = label('survivors', transcript, bitmap(survived));
  const survivorsNear = (person: Person): Person[] => peers[person.index].filter(survives);
  const wordOf = (from: Person, to: Person): Buffer => {
    const parties = [from, to].map((person): [Person, 'channelKey'] => [person, 'channelKey']);
    const input = agree(secret(from, 'channelSecret'), to.channelKey);
    return derive(input, Buffer.concat([info(5, parties), agreed])).subarray(0, 16);
  };
  for (const { body } of bodies(vector, 'down', 12).values()) expect('survivors', body, bitmap(survived));
  const acknowledged = bodies(vector, 'up', 13);
  for (const [client, { body }] of acknowledged) {
    const from = people.get(client) as Person;
    const words = survivorsNear(from).map((to) => wordOf(from, to));
    expect('acknowledgement', body, Buffer.concat([agreed, u32(words.length), ...words]));
  }
  const seedsFor = (holder: Person): Buffer[] =>
    config.harary ? survivorsNear(holder).map((dealer) => sealedOf(dealer, holder, 4)) : [];
  for (const [client, { body }] of bodies(vector, 'down', 14)) {
    const to = people.get(client) as Person;
    const gave = peers[to.index].map((peer) => survives(peer) && acknowledged.has(peer.id.toString()));
    if (gave.filter(Boolean).length + (config.harary ? 0 : 1) < config.threshold) {
      throw new Error(`${vector.name}: fewer words than t`);
    }
    const words = peers[to.index].filter((_, i) => gave[i]).map((peer) => wordOf(peer, to));
    expect('words', body, Buffer.concat([agreed, bitmap(gave), ...words, ...seedsFor(to)]));
  }
  for (const [client, { body }] of bodies(vector, 'down', 9)) {
    const to = people.get(client) as Person;
    const near = config.harary ? peers[to.index].map(survives) : survived;
    const count = u32(survived.filter(Boolean).length);
    expect('unmask request', body, Buffer.concat([count, bitmap(near), ...seedsFor(to)]));
  }

  // Released shares are of the right kind, seeds of survivors, mask keys of the dropped, but for those lied about.
  const reported = new Map<string, Buffer | undefined>();
  const asked = new Map([...bodies(vector, 'down', 9), ...bodies(vector, 'down', 14)]);
  for (const [client, { body }] of bodies(vector, 'up', 10)) {
    const holder = people.get(client) as Person;
    expect('hash of the request', body.subarray(0, 32), sha256(asked.get(client)?.body ?? Buffer.alloc(0)));
    const known = dealers.filter((dealer) =>
      dealer === holder ? !config.harary : peers[holder.index].includes(dealer),
    );
    let at = 36 + Math.ceil(known.length / 8);
    known.forEach((dealer, i) => {
      const there = bits(body.subarray(36, at), known.length)[i];
      const share = there ? body.subarray(at, at + 36) : undefined;
      at += there ? 36 : 0;
      if (dealer === holder) return;
      const names = { dealer: dealer.id.toString(), holder: client };
      const lie = vector.lies?.find((one) => one.holder === names.holder && one.dealer === names.dealer);
      const purpose = masked.has(names.dealer) ? 4 : 3;
      const right = openDealt(dealer, holder, purpose);
      reported.set(`${names.dealer} ${client} ${purpose}`, share);
      if (lie === undefined) expect('released share', share ?? Buffer.alloc(0), right);
      else if (lie.found === 'missing' ? share !== undefined : share === undefined || share.equals(right)) {
        throw new Error(`${vector.name}: no lie`);
      }
    });
  }

  // Openings: the one key of each share asked for, and what it says of dealer and holder.
  const found: { dealer: string; holder: string; kind: string; verdict: string }[] = [];
  for (const [client, { body: request }] of bodies(vector, 'down', 15)) {
    const { body } = bodies(vector, 'up', 16).get(client) as { body: Buffer };
    expect('hash of the opening request', body.subarray(0, 32), sha256(request));
    expect('number of keys', body.subarray(32, 36), request.subarray(0, 4));
    for (let i = 0; i < request.readUInt32LE(0); i++) {
      const [dealer, holder] = [4, 8].map((offset) => all[request.readUInt32LE(9 * i + offset)]);
      const purpose = request[9 * i + 12];
      const key = body.subarray(36 + 32 * i, 68 + 32 * i);
      expect('opened key', key, shareKey(dealer, holder, purpose));
      if (client !== holder.id.toString()) continue;
      const share = reported.get(`${dealer.id.toString()} ${client} ${purpose}`);
      // Here every dealing was honest, so that the key opens the share.
      const verdict = share?.equals(openOne(dealer, holder, purpose, key)) === true ? 'dealer' : 'holder';
      const kind = purpose === 3 ? 'maskKey' : 'selfMask';
      found.push({ dealer: dealer.id.toString(), holder: client, kind, verdict });
    }
  }
  // A holder opens what it released; where the dealer's key opens what the holder says it could not, nobody can tell.
  for (const { dealer, holder, found: lie } of vector.lies ?? []) {
    const kind = masked.has(dealer) ? 'selfMask' : 'maskKey';
    if (lie === 'missing') found.push({ dealer, holder, kind, verdict: 'undecided' });
  }
  const text = (list: readonly object[] = []): string =>
    list
      .map((one) => JSON.stringify(one))
      .sort()
      .join();
  if (text(found) !== text(vector.verdicts)) throw new Error(`${vector.name}: verdicts`);
  return Object.fromEntries(config.vectors.map(({ name }, v) => [name.toString(), totals[v].map(Number)]));
}
