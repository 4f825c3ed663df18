/**
 * A server that lies about who survived, to get both kinds of share of one client.
 *
 * @module
 */
import { SecAggClient } from '../../client/client.ts';
import type { ClientId } from '@fedkit/core';
import type { Mode } from '../../config/round-config.ts';
import { encodeOpeningRequest } from '../../messages/opening-request.ts';
import { demandShares, recoverInput, type Release } from '../recovery.ts';
import { type MakeClient, Rehearsal, rehearsalConfig } from '../rehearsal.ts';
import { type Attack, type AttackOutcome, outcomeOf } from './attack.ts';

const VICTIM = 6;
const VICTIM_ID = 'c6';

interface Scene {
  readonly round: Rehearsal;
  readonly cohort: Uint8Array;
  readonly upload: Uint8Array;
}

/** A round in which everybody has masked its input and nobody has heard of survivors. */
async function masked(mode: Mode, makeClient: MakeClient | undefined, threshold = 5): Promise<Scene> {
  const config = rehearsalConfig(mode, { threshold, minimumClients: Math.max(2, threshold) });
  const round = new Rehearsal({ config, ...(makeClient === undefined ? {} : { makeClient }) });
  await round.until('share');
  const cohort = round.sent.get(VICTIM_ID) as Uint8Array;
  await round.until('input');
  await round.answer();
  const upload = round.answers.get(VICTIM_ID) as Uint8Array;
  await round.advance();
  return { round, cohort, upload };
}

async function recovered({ round, cohort, upload }: Scene, releases: readonly Release[]): Promise<boolean> {
  return recoverInput(round.config, cohort, VICTIM, upload, releases, Rehearsal.input(VICTIM_ID).update);
}

function everybodyBut(...dropped: number[]): boolean[] {
  return Array.from({ length: 7 }, (_, place) => !dropped.includes(place));
}

async function twoDemands(mode: Mode, makeClient?: MakeClient, restart = false): Promise<AttackOutcome> {
  const scene = await masked(mode, makeClient);
  const { round, cohort } = scene;
  const first = await demandShares(round, cohort, () => everybodyBut());
  if (restart) {
    for (const id of round.ids) {
      const options = round.options.get(id) as ConstructorParameters<typeof SecAggClient>[0];
      round.clients.set(id, SecAggClient.restore({ ...options, sealedState: round.saved.get(id) as Uint8Array }));
    }
  }
  const second = await demandShares(round, cohort, () => everybodyBut(VICTIM));
  return outcomeOf([round], { recovered: await recovered(scene, [...first, ...second]) });
}

/** Asks every holder to open the share of the victim's mask key after it released the one of its seed. */
async function otherOpening(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const scene = await masked(mode, makeClient);
  const { round, cohort } = scene;
  const releases = await demandShares(round, cohort, () => everybodyBut());
  let opened = 0;
  for (let holder = 0; holder < VICTIM; holder++) {
    const request = encodeOpeningRequest(round.config, holder, [{ dealer: VICTIM, holder, kind: 'maskKey' }]);
    if ((await round.offer(`c${holder}`, request)) !== undefined) opened++;
  }
  return outcomeOf([round], { left: `${opened} shares opened`, recovered: await recovered(scene, releases) });
}

/** Tells `deceived` clients that the victim dropped out, the others that it did not. */
export async function splitView(
  mode: Mode,
  makeClient: MakeClient | undefined,
  deceived: readonly ClientId[],
  threshold = 5,
): Promise<AttackOutcome> {
  const scene = await masked(mode, makeClient, threshold);
  const view = (id: ClientId): boolean[] => (deceived.includes(id) ? everybodyBut(VICTIM) : everybodyBut());
  const releases = await demandShares(scene.round, scene.cohort, view);
  return outcomeOf([scene.round], { recovered: await recovered(scene, releases) });
}

async function lateInput(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const config = rehearsalConfig(mode);
  const round = new Rehearsal({ config, ...(makeClient === undefined ? {} : { makeClient }) });
  await round.until('share');
  const cohort = round.sent.get(VICTIM_ID) as Uint8Array;
  await round.until('input');
  await round.answer();
  const upload = round.answers.get(VICTIM_ID) as Uint8Array;
  round.answers.delete(VICTIM_ID);
  await round.advance();
  await round.submit(VICTIM_ID, upload);
  const releases = await demandShares(round, cohort, () => everybodyBut(VICTIM));
  return outcomeOf([round], { recovered: await recovered({ round, cohort, upload }, releases) });
}

async function impossibleSurvivors(mode: Mode, makeClient?: MakeClient): Promise<AttackOutcome> {
  const round = new Rehearsal({ config: rehearsalConfig(mode), ...(makeClient === undefined ? {} : { makeClient }) });
  await round.until('share');
  const cohort = round.sent.get('c0') as Uint8Array;
  // c6 never deals.
  await round.untilSurvivors(['c6']);
  const views = [
    // Everybody itself dropped; one that never shared; nobody; fewer than t.
    (id: ClientId) => everybodyBut(6, round.ids.indexOf(id)),
    () => everybodyBut(),
    () => everybodyBut(0, 1, 2, 3, 4, 5, 6),
    () => everybodyBut(3, 4, 5, 6),
  ];
  let shares = 0;
  for (const view of views) shares += (await demandShares(round, cohort, view)).length;
  return outcomeOf([round], { left: shares === 0 ? 'no share released' : `${shares} answers released` });
}

/** Lies about survivors. */
export const survivorAttacks: readonly Attack[] = [
  { name: 'survivors that cannot be', cheat: 'server', run: impossibleSurvivors },
  { name: 'both kinds of share, by a second request', cheat: 'server', run: (mode, make) => twoDemands(mode, make) },
  { name: 'the same, after a restart of all', cheat: 'server', run: (mode) => twoDemands(mode, undefined, true) },
  { name: 'both kinds of share, by an opening', cheat: 'server', run: otherOpening },
  {
    name: 'split view of the survivors, 2t > n',
    cheat: 'server',
    run: (mode, make) => splitView(mode, make, ['c0', 'c1', 'c2', 'c3']),
  },
  { name: 'input kept after its owner was declared dropped', cheat: 'server', run: lateInput },
];
