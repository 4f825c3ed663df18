// Digests of what must be the same bytes on every engine. Plain JavaScript, so that Node, Bun, Deno and an engine without
// WebAssembly run this very file; scripts/engines.mjs does.
import { sha256 } from '@noble/hashes/sha2.js';

/** SHA-256 over numbers as little-endian float64, over text as UTF-16 units, over bytes as they are. */
function digest(...parts) {
  const hash = sha256.create();
  for (const part of parts) {
    if (part instanceof Uint8Array) hash.update(part);
    else {
      const numbers = typeof part === 'string' ? Array.from(part, (_, i) => part.charCodeAt(i)) : part;
      const view = new DataView(new ArrayBuffer(8 * numbers.length));
      for (let i = 0; i < numbers.length; i++) view.setFloat64(8 * i, numbers[i], true);
      hash.update(new Uint8Array(view.buffer));
    }
  }
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const list = (length, at) => Array.from({ length }, (_, i) => at(i));

function streams({ seededRng }, { normal, gamma, dirichlet }) {
  const rng = seededRng('draws');
  const words = (stream) => list(1000, () => stream.uint32());
  return {
    'seeded streams: words': digest(
      ...[42, 'text', Uint8Array.of(1, 2, 3)].flatMap((seed) => [
        words(seededRng(seed)),
        words(seededRng(seed).fork('client', 7)),
      ]),
    ),
    'seeded streams: uniform, below, fill': digest(
      list(1000, () => rng.uniform()),
      list(1000, (i) => rng.below(i + 1)),
      rng.fill(new Uint8Array(1001)),
    ),
    'seeded draws: normal': digest(list(2000, () => normal(rng))),
    'seeded draws: gamma, Dirichlet': digest(
      list(500, (i) => gamma(rng, 0.01 * (i + 1))),
      list(50, (i) => [...dirichlet(rng, [0.001 * (i + 1), 0.1, 1, 10])]).flat(),
    ),
  };
}

function mathematics({ exp, expm1, log, log1p, log2, pow, sin, cos }) {
  // Halves, thirds and sevenths of powers of two: every exponent, many mantissas; built from exact steps only.
  const powers = [1];
  for (let k = 1; k < 300; k++) powers.push(powers[k - 1] * 2);
  const positive = powers.flatMap((x) => [x / 3, x / 7, 1 / x, 1 / (7 * x), 1 + 1 / (3 * x)]);
  const signed = [...positive, ...positive.map((x) => -x)];
  const near = list(4001, (i) => (i - 2000) / 128);
  const over = (f, xs) => digest(xs.map((x) => f(x)));
  return {
    'mathematics: exp': over(exp, [...near, ...near.map((x) => x * 45)]),
    'mathematics: expm1': over(expm1, [...near, ...signed]),
    'mathematics: log': over(log, positive),
    'mathematics: log1p': over(log1p, [...positive, ...near.filter((x) => x > -1)]),
    'mathematics: log2': over(log2, positive),
    'mathematics: pow': digest(positive.flatMap((x) => [0.5, -1.25, 3, 1 / 3].map((y) => pow(x, y)))),
    'mathematics: sin': over(sin, [...near, ...signed]),
    'mathematics: cos': over(cos, [...near, ...signed]),
  };
}

/** Contributions long enough for WebAssembly where there is some, of many magnitudes. */
function contributions({ seededRng }, clients, size) {
  const rng = seededRng('contributions');
  const scales = [1, 1 / 1024, 1000, 1 / 1048576];
  return list(clients, (client) => ({
    values: Float32Array.from({ length: size }, () => (rng.uniform() - 0.5) * scales[rng.below(4)]),
    weight: 1 + rng.below(600) + (client % 3) / 10,
    client: `client ${client}`,
  }));
}

function folded(rule, all) {
  const accumulator = rule.create();
  for (const contribution of all) rule.accumulate(accumulator, contribution);
  return accumulator;
}

function aggregates(core) {
  const SIZE = 5003;
  const all = contributions(core, 11, SIZE);
  const rules = {
    'mean: weighted, reproducible': core.weightedMean(SIZE),
    'mean: weighted, float32': core.weightedMean(SIZE, { precision: 'float32' }),
    'mean: weighted, fixed denominator': core.weightedMean(SIZE, { fixedDenominator: 3000, maxValue: 2000 }),
    'mean: unweighted': core.mean(SIZE),
    sum: core.sum(SIZE),
    'robust: coordinate median': core.coordinateMedian(SIZE),
    'robust: trimmed mean': core.trimmedMean(SIZE, { trim: 0.2 }),
    'robust: Krum': core.krum(SIZE, { byzantine: 2 }),
    'robust: geometric median': core.geometricMedian(SIZE),
    'robust: centered clipping': core.centeredClipping(SIZE, { radius: 10 }),
  };
  const digests = {};
  for (const [name, rule] of Object.entries(rules)) {
    const accumulator = folded(rule, all);
    digests[name] = digest(rule.finalize(accumulator));
    digests[`${name}: accumulator`] = digest(rule.serialize(accumulator));
  }
  const sizes = core.weightedMean(SIZE);
  const bands = folded(
    sizes,
    all.map((given, i) => ({ ...given, weight: given.weight * 2 ** (9 * (i % 8) - 40) })),
  );
  digests['mean: weights of all sizes'] = digest(sizes.finalize(bands), sizes.serialize(bands));
  const rule = core.record({ update: core.weightedMean(SIZE), control: core.mean(SIZE), steps: core.sum(1) });
  const records = all.map(({ values, weight }, i) => ({
    values: { update: values, control: values, steps: i },
    weight,
  }));
  const merged = rule.merge(folded(rule, records.slice(4)), folded(rule, records.slice(0, 4).reverse()));
  const { update, control, steps } = rule.finalize(merged);
  digests['record: merged'] = digest(update, control, steps, rule.serialize(merged));
  return digests;
}

function vectors(core, { dot, l1Norm, l2Norm, maxNorm, scale, clipL2 }) {
  const [x, y] = contributions(core, 2, 70_001).map(({ values }) => values);
  return {
    'kernels: dot, norms': digest([dot(x, y), l1Norm(x), l2Norm(x), maxNorm(x)]),
    'kernels: scale, clip': digest(scale(x, 1 / 3), clipL2(y, 1.5).values),
  };
}

function files(core) {
  const layout = core.Layout.of([
    { name: 'dense/kernel', shape: [40, 30] },
    { name: 'dense/bias', shape: [30] },
  ]);
  const [{ values }] = contributions(core, 1, layout.size);
  return {
    'model: layout digest': digest(layout.digest()),
    'model: digest': digest(core.modelDigest(layout, values)),
    'model: safetensors': digest(core.encodeSafetensors({ layout, values, metadata: { note: 'ünïcode ≤ 𝔸' } })),
  };
}

/** Ten rounds of FedAvg on a perceptron with these layers. */
async function training(core, { simulate, shardPartition }, layers) {
  const rng = core.seededRng('examples');
  const labels = Uint8Array.from({ length: 300 }, () => rng.below(3));
  const inputs = Float32Array.from({ length: 1200 }, (_, i) => (labels[i >> 2] === i % 3 ? 1 : 0) + rng.uniform());
  const model = core.mlp({ layers });
  const parts = shardPartition(labels, { clients: 10, shardsPerClient: 2 }, rng);
  const { params } = await simulate({
    algorithm: core.fedAvg(),
    clients: parts.map((rows) => core.plainTrainer(model, { inputs, labels, rows })),
    initial: model.init(core.seededRng(1)),
    cohort: 4,
    rounds: 10,
    seed: 7,
    local: { epochs: 1, batchSize: 5, learningRate: 0.2 },
  });
  return digest(params);
}

/** What client and server compare before they work together: a table of pipelines. */
function pipelines(core) {
  const { fedAdam, fedAvg, fedBuff, fedDyn, fedProx, Layout, mimeLite, scaffold, weightedSelection } = core;
  const { centralDp, coordinateMedian, distributedDp, plainUpdates, secureSum } = core;
  const layout = Layout.of([
    { name: 'dense/kernel', shape: [40, 30] },
    { name: 'dense/ünïcode', shape: [30] },
  ]);
  // What makes noise and sums is another package's; of it the terms hold options alone.
  const noise = ({ bits }) => ({ bits, scale: 1, event: { kind: 'gaussian' } });
  const shares = ({ bits }) => ({ bits, scale: 1, event: () => ({ kind: 'skellam' }) });
  const aggregation = { kind: 'secure-aggregation', proven: () => ({ honest: 5 }) };
  const codec = {
    kind: 'whole numbers',
    linearity: 'linear',
    unbiased: false,
    bits: 32,
    bound: 1000,
    guarantee: { kind: 'bounded', error: 0.001, range: 1000 },
    encode: (values) => new Uint8Array(Int32Array.from(values, (value) => value * 1000).buffer),
    encodeIntegers: (values) => Int32Array.from(values, (value) => value * 1000),
  };
  const secure = { layout, aggregation, minimumContributors: 3 };
  const private_ = { size: 2432, clip: 1 / 3, weighting: { kind: 'uniform' }, expectedContributors: 8 };
  const distributed = (noiseStd) =>
    distributedDp({
      ...private_,
      algorithm: fedAvg(),
      selection: weightedSelection({ cohort: 8, weight: () => 1 }),
      noiseStd,
      bits: 20,
      mechanism: shares,
      rotation: { rotate: (x) => x, rotateBack: (x) => x, paddedSize: (size) => 2 ** Math.ceil(Math.log2(size)) },
      aggregation,
      minimumContributors: 6,
      maximumContributors: 10,
      colluders: 1,
    });
  const table = {
    'plain, FedAvg': plainUpdates({ algorithm: fedAvg(), layout }),
    'plain, of a size': plainUpdates({
      algorithm: fedAdam({ learningRate: 0.1, tau: 1e-3 }),
      size: 5056,
      clientMomentum: 0.9,
    }),
    'plain, FedProx': plainUpdates({ algorithm: fedProx({ mu: 0.1 }), layout }),
    'plain, MimeLite': plainUpdates({ algorithm: mimeLite({ base: { kind: 'adam' } }), layout }),
    'plain, median': plainUpdates({ algorithm: fedAvg({ aggregate: coordinateMedian }), layout }),
    'plain, FedBuff': plainUpdates({ algorithm: fedBuff(), layout }),
    'secure sum, SCAFFOLD': secureSum({ ...secure, algorithm: scaffold(), codec }),
    'secure sum, FedAvg': secureSum({ ...secure, algorithm: fedAvg(), codec, maximumWeight: 600 }),
    'central noise, FedDyn': centralDp({
      ...private_,
      algorithm: fedDyn({ alpha: 0.1 }),
      acceptDrift: true,
      noiseStd: 0.7,
      mechanism: noise,
    }),
    'distributed noise': distributed(4),
    // As three engines calibrate one budget (ε 2, δ 1e-5, ten rounds): one pipeline.
    'distributed noise, Node': distributed(6.305030112539025),
    'distributed noise, Deno': distributed(6.3050301125390655),
    'distributed noise, Bun': distributed(6.3050301125390975),
  };
  return Object.fromEntries(Object.entries(table).map(([name, { digest: own }]) => [`pipeline: ${name}`, digest(own)]));
}

/**
 * Name → SHA-256 in hex.
 *
 * @param modules - `core`, `math`, `kernels`, `simulation`: the entry points of @fedkit/core, from src or dist.
 */
export async function golden({ core, math, kernels, simulation }) {
  return {
    ...streams(core, math),
    ...mathematics(math),
    ...vectors(core, kernels),
    ...aggregates(core),
    ...files(core),
    ...pipelines(core),
    'training: FedAvg, plain arrays': await training(core, simulation, [4, 16, 3]),
    // Large enough for WebAssembly, in widths that are not multiples of its vectors.
    'training: FedAvg, dense kernels': await training(core, simulation, [4, 61, 37, 3]),
  };
}
