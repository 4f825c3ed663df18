/**
 * synthetic(α, β): the generated federations of FedProx, whose clients differ in their models (α) and in their data
 * (β).
 *
 * Tian Li et al., "Federated Optimization in Heterogeneous Networks", MLSys 2020, §5.1, after Shamir, Srebro and Zhang,
 * "DANE", ICML 2014; constants of the authors' generator (https://github.com/litian96/FedProx, data/synthetic_1_1).
 *
 *     n_k = ⌊LogNormal(4, 2)⌋ + 50;   u_k ~ N(0, α);   B_k ~ N(0, β)
 *     W_k, b_k ~ N(u_k, 1);   v_k ~ N(B_k, 1);   x ~ N(v_k, diag(j^−1.2));   y = argmax(x·W_k + b_k)
 *
 * α and β are standard deviations, as in the generator. The IID federation has v = 0 and one W and b for all.
 *
 * @module
 */
import { checkOptions, type OptionNames, checkInteger, checkNumber } from '../check.ts';
import type { Examples } from '../client/examples.ts';
import { exp } from '../math/exp.ts';
import { normal } from '../math/normal.ts';
import { pow } from '../math/pow.ts';
import { type SeededRng, shuffle } from '../random.ts';

/** Features of an example. */
export const SYNTHETIC_INPUTS = 60;
/** Classes of an example. */
export const SYNTHETIC_CLASSES = 10;

/** Options of {@link syntheticFederation}. */
export interface SyntheticOptions {
  /** Finite and ≥ 0. */
  readonly alpha: number;
  /** Finite and ≥ 0. */
  readonly beta: number;
  /** Default 30. */
  readonly clients?: number;
  /** One model and one distribution for all clients; default false. */
  readonly iid?: boolean;
}

/** What one client holds: 90 % to train on and the rest to test on. */
export interface SyntheticClient {
  readonly train: Examples;
  readonly test: Examples;
}

/** A federation whose clients are generated when asked for, the same every time. */
export interface SyntheticFederation {
  readonly clients: number;
  /** Examples of a client, without generating it. */
  size(client: number): number;
  client(client: number): SyntheticClient;
}

/** The largest client: beyond 4 million examples a log-normal draw of this spread is not a data set. */
const MAX_EXAMPLES = 4_000_000;

/**
 * Each client has a stream of its own, `rng.fork('client', k)`: generating one touches no other.
 *
 * @throws FedkitError `OUT_OF_RANGE` for options out of range, and for a client that there is not.
 */
export function syntheticFederation(options: SyntheticOptions, rng: SeededRng): SyntheticFederation {
  checkOptions('syntheticFederation', options, {
    alpha: true,
    beta: true,
    clients: true,
    iid: true,
  } satisfies OptionNames<typeof options>);
  const alpha = checkNumber('syntheticFederation: alpha', options.alpha, 0);
  const beta = checkNumber('syntheticFederation: beta', options.beta, 0);
  const clients = checkInteger('syntheticFederation: clients', options.clients ?? 30, 1);
  const spread = Float64Array.from({ length: SYNTHETIC_INPUTS }, (_, j) => Math.sqrt(pow(j + 1, -1.2)));
  const stream = (client: number) =>
    rng.fork('client', checkInteger('syntheticFederation: client', client, 0, clients - 1));
  const size = (client: number) =>
    Math.min(MAX_EXAMPLES, Math.floor(exp(4 + 2 * normal(stream(client).fork('size'))))) + 50;

  return {
    clients,
    size,
    client(client) {
      const own = stream(client);
      const draw = (where: SeededRng, mean: number, count: number) =>
        Float64Array.from({ length: count }, () => mean + normal(where));
      const model = options.iid ? rng.fork('model') : own.fork('model');
      const u = options.iid ? 0 : alpha * normal(model);
      const weights = draw(model, u, SYNTHETIC_INPUTS * SYNTHETIC_CLASSES);
      const biases = draw(model, u, SYNTHETIC_CLASSES);
      const center = own.fork('center');
      const v = options.iid
        ? new Float64Array(SYNTHETIC_INPUTS)
        : draw(center, beta * normal(center), SYNTHETIC_INPUTS);

      const count = size(client);
      const inputs = new Float32Array(count * SYNTHETIC_INPUTS);
      const labels = new Uint8Array(count);
      const points = own.fork('points');
      for (let row = 0; row < count; row++) {
        const x = inputs.subarray(row * SYNTHETIC_INPUTS, (row + 1) * SYNTHETIC_INPUTS);
        for (let j = 0; j < x.length; j++) x[j] = v[j] + spread[j] * normal(points);
        labels[row] = mostLikely(x, weights, biases);
      }
      const order = shuffle(
        Uint32Array.from(labels, (_, row) => row),
        own.fork('split'),
      );
      const cut = Math.floor(0.9 * count);
      const part = (start: number, end: number): Examples => ({ inputs, labels, rows: order.slice(start, end).sort() });
      return { train: part(0, cut), test: part(cut, count) };
    },
  };
}

function mostLikely(x: Float32Array, weights: Float64Array, biases: Float64Array): number {
  let best = 0;
  let highest = -Infinity;
  for (let c = 0; c < biases.length; c++) {
    let score = biases[c];
    for (let j = 0; j < x.length; j++) score += x[j] * weights[j * biases.length + c];
    if (score > highest) [best, highest] = [c, score];
  }
  return best;
}
