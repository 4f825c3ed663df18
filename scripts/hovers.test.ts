// What an editor shows of options, as a language service says it.
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { root, settings, ts } from './options/compiler.ts';

const sample = join(root, 'examples/hovers.ts');
const text = `
import { federatedClient, federatedServer, fedAvg, plainUpdates, type Exchange, type Layout, type SecureRng, type Store, type Trainer } from '@fedkit/core';
declare const given: { store: Store; exchange: Exchange; rng: SecureRng; trainer: Trainer; layout: Layout };
const algorithm = fedAvg();
const pipeline = plainUpdates({ algorithm, layout: given.layout });
federatedServer({ pipeline, initial: new Float32Array(6), store: given.store, cohort: 2, clock: Date.now, rng: given.rng });
federatedClient({ id: 'a', pipeline, trainer: given.trainer, local: () => ({ epochs: 1, batchSize: 1, learningRate: 1 }), exchange: given.exchange, store: given.store });
`;
const readFile = (file: string): string | undefined => (file === sample ? text : ts.sys.readFile(file));
const service = ts.createLanguageService({
  ...ts.sys,
  useCaseSensitiveFileNames: () => true,
  readFile,
  fileExists: (file: string) => file === sample || ts.sys.fileExists(file),
  getScriptFileNames: () => [sample],
  getScriptVersion: () => '1',
  getScriptSnapshot(file: string) {
    const content = readFile(file);
    return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
  },
  getCurrentDirectory: () => dirname(sample),
  getCompilationSettings: () => ({ ...settings, types: [] }),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
});

/** What an editor shows of the word that stands there, and of what it is for. */
function hover(before: string, word: string): { type: string; words: string } {
  const info = service.getQuickInfoAtPosition(sample, text.indexOf(before + word) + before.length);
  return {
    type: ts.displayPartsToString(info?.displayParts),
    words: ts.displayPartsToString(info?.documentation),
  };
}

it('shows options by the names of what they are', () => {
  expect(service.getSemanticDiagnostics(sample)).toEqual([]);
  expect(hover('federatedServer({ ', 'pipeline').type).toMatchInlineSnapshot(
    `"(property) FederatedServerOptions<FedAvgState<NoState>, FedAvgBroadcast, FedAvgUpdate, FedAvgUpdate>.pipeline: ServerPipeline<FedAvgState<NoState>, FedAvgBroadcast, FedAvgUpdate, FedAvgUpdate>"`,
  );
  expect(hover("federatedClient({ id: 'a', ", 'pipeline').type).toMatchInlineSnapshot(
    `"(property) FederatedClientOptions<FedAvgBroadcast, NoState, FedAvgUpdate>.pipeline: ClientPipeline<FedAvgBroadcast, NoState, FedAvgUpdate>"`,
  );
  expect(hover('plainUpdates({ ', 'algorithm').type).toMatchInlineSnapshot(
    `"(property) algorithm: Algorithm<FedAvgState<NoState>, FedAvgBroadcast, NoState, FedAvgUpdate, FedAvgUpdate>"`,
  );
});

it.each([
  ['federatedServer({ ', 'pipeline'],
  ['pipeline, ', 'initial'],
  ['store: given.store, ', 'cohort'],
  ['cohort: 2, ', 'clock'],
  ["federatedClient({ id: 'a', ", 'pipeline'],
  ['pipeline, ', 'trainer'],
  ['trainer: given.trainer, ', 'local'],
  ['plainUpdates({ ', 'algorithm'],
  ['plainUpdates({ algorithm, ', 'layout'],
])('after "%s" says what %s is for, in at most 220 characters of types and no type spelled out', (before, word) => {
  const { type, words } = hover(before, word);
  expect(type).toContain(word);
  expect(type.length).toBeLessThanOrEqual(220);
  expect(type).not.toMatch(/[{]|\.\.\./);
  expect(words).not.toBe('');
});
