// Research groups 4 and 7: keys that are not what they should be, and shares on their way from dealer to holder.
import { describe, expect, it } from 'vitest';
import { SecAggClient } from '../src/index.ts';
import { plainProvider } from '../src/crypto/plain.ts';
import type { CryptoProvider } from '../src/crypto/provider.ts';
import type { KeyContext, Party } from '../src/key-derivation.ts';
import { encodeCohort, encodeCohortBody, decodeCohort } from '../src/messages/cohort.ts';
import { HEADER_BYTES, decodeMessage } from '../src/messages/header.ts';
import type { Member } from '../src/messages/member.ts';
import { decodeShares, encodeShares } from '../src/messages/shares.ts';
import { openWithKey, sealShare, shareKey, type ShareKind } from '../src/share-encryption.ts';
import { SHARE_BYTES } from '../src/shamir.ts';
import { Round, clientOptions, configOf } from './harness.ts';

const config = configOf({ clients: 5, threshold: 3, minimumClients: 3 });

describe('a cohort', () => {
  async function offer(change: (members: Member[]) => Member[]): Promise<Promise<unknown>> {
    const round = await new Round(config).until('share');
    const members = decodeCohort(config, decodeMessage(config, round.sent.get('c0') as Uint8Array).body);
    const body = encodeCohortBody(config, change(members));
    return round.client('c0').receive(encodeCohort(config, body));
  }
  const lowOrder = new Uint8Array(32);

  it.each<[string, (members: Member[]) => Member[], string]>([
    ['too few members', (all) => all.slice(0, 2), 'THRESHOLD_NOT_MET'],
    ['its own entry missing', (all) => all.slice(1), 'AUTHENTICATION_FAILED'],
    [
      'its own keys swapped',
      ([a, b, ...rest]) => [{ ...a, channelKey: b.channelKey }, b, ...rest],
      'AUTHENTICATION_FAILED',
    ],
    [
      'its own keys in the other order',
      ([a, ...rest]) => [{ ...a, channelKey: a.maskKey, maskKey: a.channelKey }, ...rest],
      'AUTHENTICATION_FAILED',
    ],
    [
      "another's key twice",
      ([a, b, c, ...rest]) => [a, b, { ...c, maskKey: b.maskKey }, ...rest],
      'AUTHENTICATION_FAILED',
    ],
    [
      "its own key as another's",
      ([a, b, ...rest]) => [a, { ...b, maskKey: a.maskKey }, ...rest],
      'AUTHENTICATION_FAILED',
    ],
    [
      "its own key as another's channel key",
      ([a, b, ...rest]) => [a, { ...b, channelKey: a.maskKey }, ...rest],
      'AUTHENTICATION_FAILED',
    ],
    [
      'one key for both purposes',
      ([a, b, ...rest]) => [a, { ...b, channelKey: b.maskKey }, ...rest],
      'AUTHENTICATION_FAILED',
    ],
    ['its own id twice', ([a, b, ...rest]) => [a, { ...b, id: a.id }, ...rest], 'AUTHENTICATION_FAILED'],
    ['an id twice', ([a, b, c, ...rest]) => [a, b, { ...c, id: b.id }, ...rest], 'AUTHENTICATION_FAILED'],
    ['a key of low order', ([a, b, ...rest]) => [a, { ...b, maskKey: lowOrder }, ...rest], 'AUTHENTICATION_FAILED'],
    [
      'a key not below 2^255 − 19',
      ([a, b, ...rest]) => [a, { ...b, maskKey: b.maskKey.map((v, i) => (i === 31 ? v | 0x80 : v)) }, ...rest],
      'AUTHENTICATION_FAILED',
    ],
    ['an empty id', ([a, b, ...rest]) => [a, { ...b, id: new Uint8Array(0) }, ...rest], 'DECODE_FAILED'],
    ['places out of order', ([a, b, ...rest]) => [b, a, ...rest], 'DECODE_FAILED'],
    [
      'a place beyond the round',
      (all) => all.map((member, i) => (i === 4 ? { ...member, index: 5 } : member)),
      'DECODE_FAILED',
    ],
    ['a place twice', (all) => all.map((member, i) => (i === 4 ? { ...member, index: 3 } : member)), 'DECODE_FAILED'],
  ])('with %s is refused before anything is dealt', async (_, change, code) => {
    await expect(offer(change)).rejects.toThrow(expect.objectContaining({ code }));
  });

  it('of another session or round is refused', async () => {
    const round = await new Round(config).until('share');
    for (const other of [{ round: 1 }, { session: new Uint8Array(16) }]) {
      const replayed = await new Round(configOf({ clients: 5, threshold: 3, ...other })).until('share');
      await expect(round.client('c0').receive(replayed.sent.get('c0') as Uint8Array)).rejects.toThrow(
        expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }),
      );
    }
  });

  it('never sees a copied, low-order or malformed key: the server refuses it', async () => {
    const round = new Round(config);
    const first = await round.client('c0').start();
    await round.server.receive('c0', first);
    const keysAt = HEADER_BYTES + 32 + 3;
    for (const change of [
      (bytes: Uint8Array) => bytes.set(first.subarray(keysAt, keysAt + 32), keysAt),
      (bytes: Uint8Array) => bytes.set(first.subarray(keysAt, keysAt + 32), keysAt + 32),
      (bytes: Uint8Array) => bytes.copyWithin(keysAt, keysAt + 32, keysAt + 64),
      (bytes: Uint8Array) => bytes.fill(0, keysAt, keysAt + 32),
      (bytes: Uint8Array) => bytes.fill(0xff, keysAt, keysAt + 32),
    ]) {
      const bytes = (await new SecAggClient(clientOptions(config, 'c1')).start()).slice();
      change(bytes);
      await expect(round.server.receive('c1', bytes)).rejects.toThrow(
        expect.objectContaining({ code: 'AUTHENTICATION_FAILED' }),
      );
    }
    await expect(round.server.receive('c9', await round.client('c1').start())).rejects.toThrow(/its own id/);
  });
});

describe('an encrypted share', () => {
  const openShare = (
    provider: CryptoProvider,
    of: KeyContext,
    channelKey: Uint8Array,
    from: Party,
    to: Party,
    kind: ShareKind,
    bytes: Uint8Array,
  ): Uint8Array | undefined =>
    openWithKey(provider, of, shareKey(provider, of, channelKey, from, to, kind), from, to, kind, bytes);
  const party = (index: number): Party => ({
    index,
    id: Uint8Array.of(97 + index),
    publicKey: new Uint8Array(32).fill(index),
  });
  const [dealer, holder, third] = [party(0), party(1), party(2)];
  const key = new Uint8Array(32).fill(5);
  const context: KeyContext = { session: new Uint8Array(16), round: 3, transcript: new Uint8Array(32).fill(2) };
  const share = new Uint8Array(SHARE_BYTES).fill(1);
  const sealed = sealShare(plainProvider, context, key, dealer, holder, 'selfMask', share);

  it('opens where it belongs', () => {
    expect(openShare(plainProvider, context, key, dealer, holder, 'selfMask', sealed)).toEqual(share);
  });

  it('does not open where an element is not below p, though its dealer made it so', () => {
    const beyond = new Uint8Array(SHARE_BYTES).fill(0xff);
    const bad = sealShare(plainProvider, context, key, dealer, holder, 'selfMask', beyond);
    expect(openShare(plainProvider, context, key, dealer, holder, 'selfMask', bad)).toBeUndefined();
  });

  it.each<[string, () => Uint8Array | undefined]>([
    [
      'another round',
      () => openShare(plainProvider, { ...context, round: 4 }, key, dealer, holder, 'selfMask', sealed),
    ],
    [
      'another session',
      () =>
        openShare(
          plainProvider,
          { ...context, session: new Uint8Array(16).fill(1) },
          key,
          dealer,
          holder,
          'selfMask',
          sealed,
        ),
    ],
    [
      'another transcript',
      () =>
        openShare(
          plainProvider,
          { ...context, transcript: new Uint8Array(32) },
          key,
          dealer,
          holder,
          'selfMask',
          sealed,
        ),
    ],
    ['another sender', () => openShare(plainProvider, context, key, third, holder, 'selfMask', sealed)],
    ['another recipient', () => openShare(plainProvider, context, key, dealer, third, 'selfMask', sealed)],
    ['its sender, reflected', () => openShare(plainProvider, context, key, holder, dealer, 'selfMask', sealed)],
    ['the other kind', () => openShare(plainProvider, context, key, dealer, holder, 'maskKey', sealed)],
    [
      'another channel',
      () => openShare(plainProvider, context, new Uint8Array(32), dealer, holder, 'selfMask', sealed),
    ],
    ['a truncation', () => openShare(plainProvider, context, key, dealer, holder, 'selfMask', sealed.subarray(1))],
  ])('does not open for %s', (_, open) => {
    expect(open()).toBeUndefined();
  });

  it('does not open with any bit flipped', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const touched = sealed.slice();
      touched[bit >> 3] ^= 1 << (bit & 7);
      expect(openShare(plainProvider, context, key, dealer, holder, 'selfMask', touched)).toBeUndefined();
    }
  });
});

describe('shares that were touched on the way', () => {
  it('are left out of the answer, and the round survives while t remain', async () => {
    const round = await new Round(config).until('input');
    const { body, index } = decodeMessage(config, round.sent.get('c0') as Uint8Array);
    const pairs = decodeShares(config, body, 4).map((pair) => pair?.slice());
    pairs[1]?.fill(0);
    const [swapA, swapB] = [pairs[2], pairs[3]];
    [pairs[2], pairs[3]] = [swapB, swapA];
    round.sent.set('c0', encodeShares(config, index, pairs));
    await round.until('finished');
    expect(round.server.result().sums.update).toEqual(Round.sum(round.ids));
  });

  it('end the round by name where too few remain', async () => {
    const round = await new Round(config).until('input');
    for (const id of ['c0', 'c1', 'c2']) {
      const { body, index } = decodeMessage(config, round.sent.get(id) as Uint8Array);
      const pairs = decodeShares(config, body, 4).map((pair) => pair && new Uint8Array(pair.length));
      round.sent.set(id, encodeShares(config, index, pairs));
    }
    await round.until('unmask');
    await expect(round.until('finished')).rejects.toThrow(expect.objectContaining({ code: 'THRESHOLD_NOT_MET' }));
    expect(round.server.stage).toBe('unmask');
  });
});
