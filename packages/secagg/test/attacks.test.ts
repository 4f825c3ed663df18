// The kit: every cheat in every mode, its outcome as the README states it, no secret in any refusal.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type AttackResult,
  type ClientUnderTest,
  attackTable,
  attacks,
  foldsSeed,
  runAttacks,
  splitView,
} from '../src/testing/index.ts';
import { type InputVectors, SecAggClient, type SecAggClientOptions } from '../src/index.ts';

describe('the kit of cheats', () => {
  let results: AttackResult[] = [];
  beforeAll(async () => {
    results = await runAttacks();
  }, 60_000);

  it('ends as the README says; pnpm bench secagg attacks --write where it should say something else', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const [, stated] = /<!-- attacks -->\n([\s\S]*?)\n<!-- \/attacks -->/.exec(readme) ?? [];
    // Formatters pad the cells of tables.
    const cells = (table = '') => table.replace(/ +/g, ' ').replace(/-{3,}/g, '---');
    expect(cells(stated)).toBe(cells(attackTable(results)));
  });

  it('shows no secret in any refusal', () => {
    for (const { outcome } of results) expect(outcome.leaks).toBe(0);
  });

  it('opens no input of a client whose guarantee covers the attack', () => {
    const open = results
      .filter(({ outcome }) => outcome.recovered === true)
      .map(({ attack, mode }) => `${attack}, ${mode}`);
    // Set-up is assumed honest short of `malicious`; sums of several rounds are kept apart by the ledger alone.
    expect(open).toEqual([
      'an invented cohort around one client, semi-honest',
      'an invented cohort around one client, semi-malicious',
      'two sums that differ by one client, semi-honest',
      'two sums that differ by one client, semi-malicious',
      'two sums that differ by one client, malicious',
    ]);
  });

  it('never leaves a wrong sum', () => {
    for (const { outcome } of results)
      expect(outcome.left ?? '').not.toMatch(/wrong sum|depend|other bytes|folded|some accepted/);
  });
});

describe('the recovery that fails against the library', () => {
  it('opens the input where a split view meets 2t ≤ n, outside every guarantee', async () => {
    expect(await splitView('semi-honest', undefined, ['c0', 'c1', 'c2'], 2)).toMatchObject({
      refused: [],
      recovered: true,
    });
    expect(await splitView('semi-honest', undefined, ['c0', 'c1', 'c2'], 4)).toMatchObject({ recovered: false });
  });

  it('opens the input of clients that answer twice', async () => {
    // A client that forgets what it has answered: each request goes to a copy of its state before.
    class Forgetful implements ClientUnderTest {
      #client: SecAggClient;
      #saved: Uint8Array | undefined;
      readonly #options: SecAggClientOptions;
      constructor(options: SecAggClientOptions) {
        this.#options = { ...options, persist: async (state) => void (this.#saved = state.slice()) };
        this.#client = new SecAggClient(this.#options);
      }
      start(): Promise<Uint8Array> {
        return this.#client.start();
      }
      setInput(vectors: InputVectors): void {
        this.#client.setInput(vectors);
      }
      async receive(message: Uint8Array): Promise<Uint8Array | undefined> {
        if (this.#client.stage !== 'masked') return this.#client.receive(message);
        const sealedState = this.#saved as Uint8Array;
        return SecAggClient.restore({ ...this.#options, persist: async () => undefined, sealedState }).receive(message);
      }
    }
    const attack = attacks.find(({ name }) => name === 'both kinds of share, by a second request');
    expect(await attack?.run('semi-honest', (options) => new Forgetful(options))).toMatchObject({ recovered: true });
  });
});

describe('foldsSeed', () => {
  it('finds generators that XOR the words of their seed', async () => {
    const xor = (seed: Uint8Array): Uint8Array => {
      const folded = new Uint8Array(4);
      seed.forEach((byte, i) => (folded[i & 3] ^= byte));
      return folded;
    };
    expect(await foldsSeed(xor)).toBe(true);
    expect(await foldsSeed((seed) => seed)).toBe(false);
  });
});
