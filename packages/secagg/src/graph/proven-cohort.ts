/**
 * How many inputs are in every sum that the server can open, whatever it tells whom: proved, not told.
 *
 * @module
 */
import { adversaryOf, type RoundConfig } from '../config/round-config.ts';
import { checkGraph, corruptClients, leastInOneSum } from './graph-parameters.ts';

/** What holds for every sum that can be opened. */
export interface ProvenCohort {
  /** Inputs in it, at least, of whomever. */
  readonly inputs: number;
  /** Inputs of clients that are not in league with the server, at least; 0 where none is certain. */
  readonly honest: number;
}

/**
 * The least sum that a server of the round's mode can open, where at most γ of the clients are in league with it:
 * docs/threat-model.md has the proofs. But for 2^−σ over one draw of the ring.
 *
 * In the complete graph, and on rings of guarantee `cohort`, all release shares for one set of at least `minimumClients`
 * survivors, of which at most ⌊γn⌋ are corrupt. On rings of guarantee `one-sum` it is F honest clients.
 *
 * @throws FedkitError `OUT_OF_RANGE` where degree or threshold do not meet the condition, naming it: then nothing is proved.
 */
export function provenCohort(
  config: RoundConfig,
  assumptions: { readonly corruptFraction: number; readonly sigma?: number },
): ProvenCohort {
  const { clients, degree, threshold, minimumClients, guarantee, graph, mode } = config;
  const all = { ...assumptions, clients, dropoutFraction: 0, adversary: adversaryOf(mode), guarantee };
  const told = { inputs: minimumClients, honest: Math.max(0, minimumClients - corruptClients(all)) };
  // Such a server opens the sum it states.
  if (mode === 'semi-honest') return told;
  checkGraph({ kind: graph, degree, threshold }, all);
  if (graph === 'complete') return told;
  const least = leastInOneSum({ degree, threshold }, all);
  if (guarantee === 'one-sum') return { inputs: least, honest: least };
  return { inputs: Math.max(least, told.inputs), honest: Math.max(least, told.honest) };
}
