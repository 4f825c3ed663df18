/**
 * Three technicians and their server in one process, on storages as React Native has them: what a headless test runs on Hermes.
 *
 * @module
 */
import {
  type Exchange,
  FedkitError,
  federatedServer,
  fedAvg,
  memoryStore,
  plainUpdates,
  secureRng,
} from '@fedkit/core';
import { modelDigest, seededRng } from '@fedkit/core';
import { type AsyncStorageLike, asyncStorageStore, type MmkvLike, mmkvStore } from '@fedkit/core/store/mobile-store';
import { memoryTransport } from '@fedkit/core/transport/memory';
import { examplesOf, FieldService, type Kind, KINDS, type Note, noteModel } from './field-service.ts';

const WORDS: Readonly<Record<Kind, readonly string[]>> = {
  leak: ['oil', 'water', 'drips', 'puddle', 'seal', 'hose', 'wet'],
  wear: ['worn', 'belt', 'bearing', 'crack', 'rust', 'noise', 'play'],
  electrical: ['fuse', 'wire', 'voltage', 'sparks', 'relay', 'burnt', 'dark'],
  fine: ['checked', 'ok', 'clean', 'passed', 'greased', 'replaced', 'good'],
};

/** Notes that somebody might have written. */
export function someNotes(seed: string, count: number): Note[] {
  const rng = seededRng(seed);
  return Array.from({ length: count }, () => {
    const kind = KINDS[rng.below(KINDS.length)];
    const words = Array.from({ length: 4 }, () => WORDS[kind][rng.below(WORDS[kind].length)]);
    return { kind, text: `pump ${1 + rng.below(9)}: ${words.join(' ')}` };
  });
}

/** What came of it. */
export interface ScenarioOutcome {
  /** Rounds that were published. */
  readonly rounds: number;
  /** SHA-256 of the published model. */
  readonly digest: string;
  /** Of 100 new notes, right by the published model. */
  readonly accuracy: number;
  /** A note in one technician's own words, before and after the model was tuned to them. */
  readonly personal: readonly (Kind | undefined)[];
  /** Offline windows were told of, and lost nothing. */
  readonly offline: number;
  /** Notes that a phone has after its app was started again. */
  readonly kept: number;
}

/** Plays it. */
export async function scenario(): Promise<ScenarioOutcome> {
  const server = await federatedServer({
    pipeline: plainUpdates({ algorithm: fedAvg(), layout: noteModel.layout }),
    initial: noteModel.init(seededRng('notes')),
    cohort: 3,
    minimum: 3,
    rounds: 4,
    retryAfter: 5,
    deadlines: { recruiting: 60_000, reporting: 60_000 },
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  const storages = [asyncStorage(), asyncStorage()] as const;
  const stores = [
    asyncStorageStore(storages[0]),
    asyncStorageStore(storages[1], { entryLength: 4000 }),
    mmkvStore(mmkv()),
  ];
  let online = false;
  let offline = 0;
  const start = (i: number) => {
    const id = `technician ${i}`;
    const direct = memoryTransport(server, id);
    const exchange: Exchange = async (request, how) => {
      if (!online) throw new FedkitError('UNAVAILABLE', 'phone: expected a network, got none');
      return direct(request, how);
    };
    return new FieldService({
      id,
      exchange,
      store: stores[i],
      shuffle: (round) => seededRng(id).fork('round', round),
      onChange: (what) => {
        if (what === 'offline') offline++;
      },
    });
  };

  let phones = [0, 1, 2].map(start);
  for (const [i, phone] of phones.entries()) {
    for (const note of someNotes(`technician ${i}`, 40)) await phone.file(note);
    // In a cellar: nothing gets through, nothing is lost.
    await phone.inBackground(0);
  }
  online = true;
  // Every window in a process of its own.
  for (let window = 0, closed = 0; closed < phones.length; window++) {
    if (window > 1000) throw new Error('the federation does not end');
    phones = [0, 1, 2].map(start);
    const outcomes = await Promise.all(phones.map((phone) => phone.inBackground(20)));
    closed = outcomes.filter((outcome) => outcome.closed).length;
  }
  const [first] = phones;
  await first.refresh();
  online = false;
  const { accuracy } = noteModel.evaluate(server.params, examplesOf(someNotes('unseen', 100)));
  const own = 'gasket hissing again';
  const before = await first.classify(own);
  for (let i = 0; i < 12; i++) await first.file({ text: `${own} ${i}`, kind: before === 'leak' ? 'wear' : 'leak' });
  await first.personalize();
  const again = start(0);
  return {
    rounds: server.progress.published,
    digest: modelDigest(noteModel.layout, server.params),
    accuracy,
    personal: [before, await again.classify(own)],
    offline,
    kept: (await again.notes()).length,
  };
}

/** AsyncStorage in memory. */
function asyncStorage(): AsyncStorageLike {
  const map = new Map<string, string>();
  return {
    getItem: async (key) => map.get(key) ?? null,
    setItem: async (key, value) => void map.set(key, value),
    removeItem: async (key) => void map.delete(key),
    getAllKeys: async () => [...map.keys()],
  };
}

/** MMKV in memory. */
function mmkv(): MmkvLike {
  const map = new Map<string, ArrayBuffer>();
  return {
    getBuffer: (key) => map.get(key)?.slice(0),
    set: (key, value) => void map.set(key, value.slice(0)),
    remove: (key) => map.delete(key),
    getAllKeys: () => [...map.keys()],
  };
}
