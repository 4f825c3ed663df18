// pnpm bench accounting fuzz [events, default 100,000] [seed] [events for dp_accounting, default 1,000]
// Random questions over the whole range, held to the oracle, to Rényi's bound and to what post-processing proves; and
// usual ones to dp_accounting, whose upper bound must not be below our lower one.
import { seededRng } from '@fedkit/core';
import { type EventData, pldAccountant } from '@fedkit/privacy';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { faultsOf } from '../../packages/privacy/test/certifier/certify.ts';
import { randomQuestion } from '../../packages/privacy/test/certifier/random-event.ts';
import { writeResults } from '../shared/measure.ts';
import { startPeer } from '../shared/peer.ts';

/** Of processor time, so that a busy machine finds nothing slow. */
const SLOW_MILLISECONDS = 30_000;
const processorMilliseconds = (): number => process.cpuUsage().user / 1000;

/** Runs the fuzzer; true if nothing was found. */
export async function fuzz(args: readonly string[]): Promise<boolean> {
  const events = Number(args[0] ?? 100_000);
  const seed = args[1] ?? `fuzz ${Date.now()}`;
  console.log(`${events} random questions, seed "${seed}"`);
  const rng = seededRng(seed);
  let found = 0;
  let slow = 0;
  const start = Date.now();
  for (let i = 0; i < events; i++) {
    const question = randomQuestion(() => rng.uniform(), i % 2 === 0);
    const began = processorMilliseconds();
    for (const fault of faultsOf(question, i % 20 === 0)) {
      found++;
      console.log(`question ${i}: ${fault}\n  ${question.text}`);
    }
    const took = Math.round(processorMilliseconds() - began);
    if (took > SLOW_MILLISECONDS) {
      slow++;
      console.log(`question ${i} took ${took} ms\n  ${question.text}`);
    }
    if ((i + 1) % 2000 === 0) console.log(`${i + 1} questions, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  }
  console.log(`${found} faults, ${slow} slower than ${SLOW_MILLISECONDS} ms`);
  const peer = await againstPeer(Number(args[2] ?? 1000), seed);
  // One record for each seed, so that a long run may be made of several.
  const name = `accounting-fuzz-${seed.replace(/\W+/g, '-')}`;
  writeResults(name, { seed, questions: events, faults: found, slow, peer });
  return found + peer.below === 0;
}

async function againstPeer(events: number, seed: string): Promise<{ name?: string; asked: number; below: number }> {
  if (events === 0) return { asked: 0, below: 0 };
  const peer = await startPeer(join(dirname(fileURLToPath(import.meta.url)), 'fuzz-peer.py'));
  if (peer === undefined) {
    console.log('dp_accounting is absent: not asked');
    return { asked: 0, below: 0 };
  }
  const rng = seededRng(`${seed}, peer`);
  let asked = 0;
  let found = 0;
  while (asked < events) {
    const question = randomQuestion(() => rng.uniform(), false);
    const { neighboring, rounds, delta } = question;
    const event = question.build();
    if (delta < 1e-10 || rounds > 1000 || largestLoss(event) > 200) continue;
    const answer = await peer.ask(JSON.stringify({ neighboring, rounds, delta, event }));
    if (answer === 'unsupported') continue;
    asked++;
    const { lower } = pldAccountant({ neighboring }).compose(event, rounds).epsilonBounds(delta);
    // It says `inf` where it gives up.
    if (answer === 'inf' || Number(answer) >= lower * (1 - 1e-9) - 1e-9) continue;
    found++;
    console.log(`dp_accounting's upper bound ${answer} is below our lower one ${lower}\n  ${question.text}`);
  }
  peer.end();
  console.log(`${peer.greeting}: ${asked} questions, ${found} below our lower bound`);
  return { name: peer.greeting, asked, below: found };
}

/** About the largest loss of one release, which the peer discretizes. */
function largestLoss(event: EventData): number {
  if (event.kind === 'poisson-sampled') return largestLoss(event.event);
  if (event.kind === 'gaussian')
    return (2 * event.recordNorm) / event.noiseStd + 2 * (event.recordNorm / event.noiseStd) ** 2;
  if (event.kind === 'laplace') return (2 * event.recordNorm) / event.scale;
  if (event.kind === 'mixture-of-gaussians') return 2 / event.noiseStd + 2 / event.noiseStd ** 2;
  return event.kind === 'randomized-response' ? 1 : Infinity;
}
