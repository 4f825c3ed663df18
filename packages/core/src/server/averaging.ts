/**
 * The server step of federated averaging, for algorithms that are not told another.
 *
 * @module
 */
import type { PlainData } from '../plain-data.ts';
import type { ServerOptimizer } from './contract.ts';
import { serverSgd } from './sgd.ts';

/**
 * The caller's optimizer, or x ← x + Δ. An algorithm's S is `NoState` unless an optimizer is given, which is what this
 * step keeps: the compiler cannot see that the two go together.
 */
export function averagingUnless<S extends PlainData>(server: ServerOptimizer<S> | undefined): ServerOptimizer<S> {
  return server ?? (serverSgd({ learningRate: 1 }) as unknown as ServerOptimizer<S>);
}
