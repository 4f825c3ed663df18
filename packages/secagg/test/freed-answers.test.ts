// What a client answered is megabytes; it is freed as soon as the server has shown that it has it.
import { describe, expect, it } from 'vitest';
import { equal } from '../src/internal/bytes.ts';
import { defaultProvider } from '../src/crypto/default-provider.ts';
import { Round, Saves, configOf } from './harness.ts';

describe('an answer', () => {
  it('is freed once the next is saved, not before, and never what the caller was given', async () => {
    const freed: Uint8Array[] = [];
    const discard = (bytes: Uint8Array): void => void freed.push(bytes);
    const provider = { ...defaultProvider(), discard };
    const saves = new Saves();
    const own = (id: string) => (id === 'c1' ? { provider, persist: saves.persist } : {});
    const round = await new Round(configOf({ clients: 4, threshold: 3, minimumClients: 3 }), own).until('input');
    const isFreed = (answer: Uint8Array): boolean => freed.some((bytes) => equal(bytes, answer));

    const masked = (await round.answer()).get('c1') as Uint8Array;
    const request = round.sent.get('c1') as Uint8Array;
    await round.deliver();
    round.sent = new Map(await round.server.advance());
    expect(isFreed(masked)).toBe(false);

    saves.fail = true;
    await expect(round.client('c1').receive(round.sent.get('c1') as Uint8Array)).rejects.toThrow('disk full');
    expect(isFreed(masked)).toBe(false);
    // So it is there to be given again.
    expect(await round.client('c1').receive(request)).toEqual(masked);

    saves.fail = false;
    const response = (await round.answer()).get('c1') as Uint8Array;
    expect(isFreed(masked)).toBe(true);
    expect(isFreed(response)).toBe(false);
    expect(freed).not.toContain(masked);
    // The first is given at any time.
    expect(isFreed(await round.client('c1').start())).toBe(false);
    await expect(round.client('c1').receive(request)).rejects.toThrow('the server has used');
  });
});
