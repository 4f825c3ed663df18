/**
 * Which contribution went into which step of an asynchronous server, and whether its models are made of them.
 *
 * @module
 */
import {
  type AsynchronousAlgorithm,
  type ClientId,
  type FedAvgUpdate,
  mean,
  type RoundRecord,
  serverSgd,
  type Update,
} from '@fedkit/core';
import type { Trained, Witness } from './witness.ts';

/** Notes of the server's steps, whichever of its lives it is in: what is done again after a crash is noted again. */
export class Steps {
  /** By ticket: the client, and the server's and the contribution's number of steps. */
  readonly taken: Map<number, { client: ClientId; step: number; staleness: number }> = new Map();

  /** The algorithm, watched. */
  watch<U extends Update>(algorithm: AsynchronousAlgorithm<U>): AsynchronousAlgorithm<U> {
    return {
      ...algorithm,
      submit: (state, ticket, contribution) => {
        const step = state.version;
        const receipt = algorithm.submit(state, ticket, contribution);
        const { outcome, staleness = 0 } = receipt;
        if (outcome === 'stepped' || outcome === 'buffered')
          this.taken.set(ticket, { client: contribution.client as ClientId, step, staleness });
        return receipt;
      },
    };
  }
}

/** Every way in which the models of `fedBuff` differ from those of exactly the acknowledged contributions: none is right. */
export function asynchronousDifferences(
  witness: Witness,
  { taken }: Steps,
  {
    initial,
    params,
    records,
  }: { readonly initial: Float32Array; readonly params: Float32Array; readonly records: readonly RoundRecord[] },
): string[] {
  const found = [...witness.contradictions];
  const acknowledged = new Map([...witness.answers].filter(([, counted]) => counted));
  const rule = mean(initial.length);
  const optimizer = serverSgd({ learningRate: 1 });
  let model = initial;
  let counted = 0;
  for (const [step, { contributors }] of records.entries()) {
    const folded = rule.create();
    const clients = new Set<ClientId>();
    for (const [ticket, { client, step: own, staleness }] of taken) {
      const key = `${client} ${ticket}`;
      if (own !== step || !acknowledged.has(key)) continue;
      clients.add(client);
      counted++;
      const { contribution } = witness.trained.get(key) as Trained;
      const { update } = contribution.values as FedAvgUpdate;
      rule.accumulate(folded, { values: update.map((value) => value / Math.sqrt(1 + staleness)) });
    }
    const [said, inModel] = [[...clients].sort().join(), [...contributors].sort().join()];
    if (said !== inModel) found.push(`step ${step}: acknowledged ${said}; in the model ${inModel}`);
    if (clients.size > 0) model = optimizer.step(optimizer.init(initial.length), model, rule.finalize(folded)).params;
    rule.dispose(folded);
  }
  if (counted !== acknowledged.size) found.push(`${acknowledged.size} acknowledged, ${counted} in models`);
  if (model.some((value, i) => !Object.is(value, params[i]))) found.push('the model is not that of the acknowledged');
  return found;
}
