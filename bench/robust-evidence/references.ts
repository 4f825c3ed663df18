/**
 * Rules that want a reference, in a simulation: the aggregate before, or an update of the server's own. Each is for a single run, whose
 * rounds it remembers.
 *
 * @module
 */
import { type Aggregator, type AnyAlgorithm, fedAvg, seededRng, type Trainer } from '@fedkit/core';

type Rule = Aggregator<unknown, Float32Array>;

/** A rule whose accumulators are made with their first contribution, once the reference is known. */
interface Begun {
  inner?: unknown;
}

function withReference(rule: Rule, reference: () => Float32Array | undefined): Aggregator<Begun, Float32Array> {
  const begun = (accumulator: Begun): unknown => {
    const known = reference();
    accumulator.inner ??= rule.create(known && { reference: known });
    return accumulator.inner;
  };
  return {
    kind: rule.kind,
    linearity: rule.linearity,
    memory: rule.memory,
    create: () => ({}),
    accumulate(accumulator, contribution) {
      rule.accumulate(begun(accumulator), contribution);
      return accumulator;
    },
    retract(accumulator, contribution) {
      rule.retract(begun(accumulator), contribution);
      return accumulator;
    },
    checkMerge: (into, from) => rule.checkMerge(begun(into), begun(from)),
    merge(into, from) {
      rule.merge(begun(into), begun(from));
      return into;
    },
    finalize: (accumulator) => rule.finalize(begun(accumulator)),
    serialize: (accumulator) => rule.serialize(begun(accumulator)),
    deserialize: (bytes) => ({ inner: rule.deserialize(bytes) }),
    dispose: (accumulator) => rule.dispose(begun(accumulator)),
  };
}

/** Federated averaging by a rule whose reference is the aggregate of the round before. */
export function afterItself(rule: (size: number) => Rule): AnyAlgorithm {
  return fedAvg({
    aggregate: (size) => {
      let previous: Float32Array | undefined;
      const inner = withReference(rule(size), () => previous);
      const finalize = (accumulator: Begun) => (previous = inner.finalize(accumulator)).slice();
      return { ...inner, finalize } as Rule;
    },
  });
}

/** Federated averaging by a rule whose reference is what the server's own digits make of the model, by a client's training. */
export function besideOwn(rule: (size: number) => Rule, own: Trainer): AnyAlgorithm {
  let reference: Float32Array | undefined;
  let asked: unknown;
  let round = 0;
  const algorithm = fedAvg({ aggregate: (size) => withReference(rule(size), () => reference) as Rule });
  return {
    ...algorithm,
    async clientRound(given) {
      if (given.broadcast !== asked) {
        asked = given.broadcast;
        const options = { ...given.options, rng: seededRng(`own ${++round}`) };
        reference = (await algorithm.clientRound({ broadcast: given.broadcast, trainer: own, options })).contribution
          .values.update;
      }
      return algorithm.clientRound(given);
    },
  };
}
