// What vitest's parts look for as they load: where no vitest started them, this stands for its worker.

/** Snapshots are in the test files; none is written. */
const snapshotEnvironment = {
  getVersion: () => '1',
  getHeader: () => '',
  resolvePath: async (path) => `${path}.snap`,
  resolveRawPath: async (_test, path) => path,
  readSnapshotFile: async () => null,
  saveSnapshotFile: async () => {},
  removeSnapshotFile: async () => {},
};

export const config = {
  root: '/',
  name: '',
  setupFiles: ['setup'],
  sequence: { hooks: 'stack', setupFiles: 'list', shuffle: false, concurrent: false, seed: 1 },
  maxConcurrency: 5,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  retry: 0,
  passWithNoTests: false,
  allowOnly: false,
  includeTaskLocation: false,
  isolate: false,
  mockReset: false,
  clearMocks: false,
  restoreMocks: false,
  unstubEnvs: false,
  unstubGlobals: false,
  tags: [],
  expect: {},
  experimental: { importDurations: { limit: 0 }, viteModuleRunner: true },
  snapshotOptions: { updateSnapshot: 'none', snapshotEnvironment, expand: false },
};

globalThis.__vitest_worker__ = {
  config,
  ctx: { pool: 'browser' },
  environment: { name: 'fedkit' },
  rpc: new Proxy({}, { get: () => async () => {} }),
  evaluatedModules: { idToModuleMap: new Map(), getModuleById: () => undefined },
  resolvingModules: new Set(),
  moduleExecutionInfo: new Map(),
  durations: { environment: 0, prepare: 0 },
  onCleanup: () => {},
  providedContext: {},
};
