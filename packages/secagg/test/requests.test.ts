// Research group 1 and the invariants of the unmask stage: which requests a client refuses.
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../src/messages/header.ts';
import { encodeUnmaskRequest } from '../src/messages/unmask-request.ts';
import { NO_INDEX } from '../src/messages/header.ts';
import { Round, configOf, ringOf } from './harness.ts';

const config = configOf({ clients: 6, threshold: 3, minimumClients: 3 });

describe('an unmask request in the complete graph', () => {
  // c5 falls silent before dealing, c4 before its input.
  async function ready(): Promise<Round> {
    const round = await new Round(config).until('share');
    await round.step(['c5']);
    await round.step(['c4', 'c5']);
    return round;
  }
  const request = (...survivors: number[]): Uint8Array =>
    encodeUnmaskRequest(config, NO_INDEX, {
      total: survivors.length,
      survived: Array.from({ length: 6 }, (_, i) => survivors.includes(i)),
    });

  it.each<[string, Uint8Array, string]>([
    ['this client dropped', request(1, 2, 3), 'AUTHENTICATION_FAILED'],
    ['one that never dealt', request(0, 1, 2, 3, 5), 'AUTHENTICATION_FAILED'],
    ['too few survivors', request(0, 1), 'THRESHOLD_NOT_MET'],
    ['nobody', request(), 'THRESHOLD_NOT_MET'],
    [
      'a count that does not fit',
      encodeUnmaskRequest(config, NO_INDEX, { total: 5, survived: [true, true, true, true, false, false] }),
      'DECODE_FAILED',
    ],
    [
      'bits beyond the round',
      encodeUnmaskRequest(config, NO_INDEX, { total: 7, survived: [true, true, true, true, false, false, true] }),
      'DECODE_FAILED',
    ],
    [
      'a bitmap too long',
      encodeUnmaskRequest(config, NO_INDEX, {
        total: 4,
        survived: [true, true, true, true, ...Array.from({ length: 12 }, () => false)],
      }),
      'DECODE_FAILED',
    ],
    [
      'an address',
      encodeUnmaskRequest(config, 0, { total: 4, survived: [true, true, true, true, false, false] }),
      'AUTHENTICATION_FAILED',
    ],
  ])('naming %s is refused, and the honest one is answered after it', async (_, hostile, code) => {
    const round = await ready();
    const client = round.client('c0');
    await expect(client.receive(hostile)).rejects.toThrow(expect.objectContaining({ code }));
    expect(client.stage).toBe('masked');
    await round.until('finished', ['c4', 'c5']);
    expect(round.server.result().sums.update).toEqual(Round.sum(['c0', 'c1', 'c2', 'c3']));
  });

  it('has an answer with one share a dealer, and never of another set afterwards', async () => {
    const round = await ready();
    const client = round.client('c0');
    const first = (await client.receive(request(0, 1, 2, 3))) as Uint8Array;
    // Hash, count, one byte of bitmap, and five dealers: c0 to c3 survived, c4 dropped, c5 never dealt.
    expect(decodeMessage(config, first).body.length).toBe(32 + 4 + 1 + 5 * 36);
    await expect(client.receive(request(0, 1, 2))).rejects.toThrow(expect.objectContaining({ code: 'PROTOCOL_STATE' }));
    expect(await client.receive(request(0, 1, 2, 3))).toEqual(first);
  });

  it('is not answered before the input was masked', async () => {
    const round = await new Round(config).until('input');
    await expect(round.client('c0').receive(request(0, 1, 2, 3))).rejects.toThrow(
      expect.objectContaining({ code: 'PROTOCOL_STATE' }),
    );
  });
});

describe('an unmask request on a ring', () => {
  const ring = ringOf(8, 4, 2, { minimumClients: 5 });

  it('is refused with too few neighbours, too few survivors, or for another client', async () => {
    const round = await new Round(ring).until('unmask');
    const client = round.client('c0');
    const { index } = decodeMessage(ring, round.sent.get('c0') as Uint8Array);
    const ask = (total: number, survived: boolean[], to = index) => {
      const seeds = new Uint8Array(52 * survived.filter(Boolean).length);
      return client.receive(encodeUnmaskRequest(ring, to, { total, survived, seeds }));
    };
    const refusal = (code: string) => expect.objectContaining({ code });
    await expect(ask(6, [true, false, false, false])).rejects.toThrow(refusal('THRESHOLD_NOT_MET'));
    await expect(ask(4, [true, true, false, false])).rejects.toThrow(refusal('THRESHOLD_NOT_MET'));
    await expect(ask(4, [true, true, true, true])).rejects.toThrow(refusal('DECODE_FAILED'));
    await expect(ask(6, [true, true, false, false], (index + 1) % 8)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    await expect(ask(6, [true, true, false, false], NO_INDEX)).rejects.toThrow(refusal('AUTHENTICATION_FAILED'));
    expect(await ask(6, [true, true, false, false])).toBeInstanceOf(Uint8Array);
    await expect(ask(6, [true, true, true, false])).rejects.toThrow(refusal('PROTOCOL_STATE'));
  });
});
