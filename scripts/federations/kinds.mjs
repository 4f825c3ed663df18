// One federation of each kind of pipeline, as every engine makes it for itself: a client that disagrees with its server in one
// digit of an option is refused. The packages are handed in, since engines find them in different ways.

/** Clients of a federation, all of whom are needed. */
export const CLIENTS = 8;
export const ROUNDS = 3;
const CLIP = 0.5;

/** How far a model may be from the plain one, where chance has a part: rounding, or 12 standard deviations of the noise. */
export const tolerance = { 'secure sum': 1e-4, 'distributed noise': (12 * 4 * ROUNDS) / CLIENTS };

/** What both sides of each federation are made of. */
export function kinds({ core, compression, privacy, secagg }) {
  const model = core.softmaxRegression({ inputs: 200, classes: 12 });
  const { layout } = model;
  /** A key of each owner's own, the same after a restart: an app keeps one in the system's key store. */
  const secrecy = (owner) =>
    secagg.secureAggregation({
      mode: 'semi-honest',
      corruptFraction: 0,
      dropoutFraction: 0.2,
      sealingKey: core.seededRng(`key of ${owner}`).fill(new Uint8Array(32)),
    });
  /** Calibrated by each side on its own engine: what a federation's operator and its apps do. */
  const noiseStd = () =>
    privacy.calibrateNoiseStd({
      epsilon: 2,
      delta: 1e-5,
      neighboring: 'add-or-remove',
      event: (std) => privacy.event.selfComposed(privacy.event.gaussian({ noiseStd: std, recordNorm: CLIP }), 10),
    });
  const pipelines = {
    plain: () => core.plainUpdates({ algorithm: core.fedAvg(), layout }),
    'secure sum': (owner) =>
      core.secureSum({
        algorithm: core.fedAvg(),
        layout,
        codec: compression.commonRange({ bits: 24, range: 4, contributors: CLIENTS }),
        aggregation: secrecy(owner),
        minimumContributors: CLIENTS - 1,
        maximumWeight: 8,
      }),
    'distributed noise': (owner) =>
      core.distributedDp({
        algorithm: core.fedAvg({ aggregate: (length) => core.mean(length) }),
        layout,
        clip: CLIP,
        weighting: { kind: 'uniform' },
        noiseStd: noiseStd(),
        bits: 24,
        minimumContributors: CLIENTS - 1,
        maximumContributors: CLIENTS,
        expectedContributors: CLIENTS,
        mechanism: privacy.distributedGaussianMechanism,
        rotation: compression.rotation,
        aggregation: secrecy(owner),
      }),
  };

  const ids = Array.from({ length: CLIENTS }, (_, i) => `client ${i}`);

  function server(kind, { store = core.memoryStore(), rounds = ROUNDS } = {}) {
    return core.federatedServer({
      pipeline: pipelines[kind]('the server'),
      initial: new Float32Array(layout.size),
      cohort: CLIENTS,
      minimum: CLIENTS,
      rounds,
      retryAfter: 20,
      deadlines: { recruiting: 240_000, reporting: 240_000, stage: 240_000 },
      store,
      clock: Date.now,
      rng: core.secureRng(),
    });
  }

  function client(kind, id, exchange, store = core.memoryStore()) {
    const rng = core.seededRng(id);
    return core.federatedClient({
      id,
      pipeline: pipelines[kind](id),
      trainer: core.plainTrainer(model, {
        inputs: Float32Array.from({ length: 4 * 200 }, () => rng.uniform()),
        labels: Uint8Array.from({ length: 4 }, () => rng.below(12)),
      }),
      local: () => ({ epochs: 2, batchSize: 'all', learningRate: 0.5 }),
      exchange,
      store,
      singleInstance: true,
    });
  }

  return { names: Object.keys(pipelines), ids, layout, server, client };
}

/** What came of a run: outcomes of its rounds, the model and its digest. */
export async function outcomeOf({ modelDigest }, server, layout) {
  const records = await server.records();
  const { params } = server;
  return {
    outcomes: records.map(({ outcome }) => outcome),
    digest: modelDigest(layout, params),
    params: Array.from(params),
  };
}
