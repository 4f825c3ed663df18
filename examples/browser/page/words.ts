/**
 * What happens, in words.
 *
 * @module
 */
import type { Status } from '../status.ts';
import type { Doing, Trouble } from './messages.ts';

/** Bytes as people read them. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(2)} MB`;
}

/** A share as percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The short name of a participant. */
export function shortName(id: string): string {
  return id.slice(0, 4);
}

export const DOING: Readonly<Record<Doing, string>> = {
  waiting: 'waiting for a round',
  downloading: 'fetching the model',
  training: 'training on its own digits',
  summing: 'adding up with the others, under masks',
  counted: 'its update is in the model',
  uncounted: 'the last round went on without its update',
  over: 'done: the federation is over',
  left: 'left: nothing more is sent from here',
};

/** What a visitor can know and do about trouble. */
export const TROUBLE: Readonly<Record<Trouble, string>> = {
  retrying: 'The coordinator does not answer. What this tab has done is kept, and it asks again by itself.',
  full: 'The browser has no room left for this page, so this tab cannot remember its part of the round, and stays out of it. Free some space; it tries again by itself.',
  outdated: 'This tab runs another version of the page than the coordinator. Reload it to take part again.',
  'closed-out':
    'Another tab or window uses this participant. Close that one, or reload this tab to take part as another.',
  refused: 'The coordinator has refused what this tab sent. It goes on with the next round.',
  fault: 'Something failed that no waiting mends. Reload the tab to try again.',
};

/** What the federation is at. */
export function nowWords({ phase, stage, waiting, least, round, rounds, remaining }: Status): string {
  const seconds = remaining === undefined ? '' : ` At most ${Math.ceil(remaining / 1000)} s more.`;
  if (phase === 'finished') return `All ${rounds} rounds are over. Draw a digit to see what the network has learned.`;
  if (phase === 'cancelled') return 'The coordinator has ended the federation.';
  if (stage === undefined) {
    const missing = least - waiting;
    if (missing > 0) {
      return `Waiting for ${missing} more ${missing === 1 ? 'tab' : 'tabs'}: no sum of fewer than ${least} is ever opened. Open this page in another tab or on another device.`;
    }
    return `${waiting} tabs are there; round ${round + 1} begins.${seconds}`;
  }
  const words: Record<string, string> = {
    advertise: 'Every tab fetches the model and trains on its own digits.',
    reveal: 'The tabs show each other their keys.',
    share: 'The tabs agree on secret masks in pairs, and on how to go on without one that vanishes.',
    input: 'Every tab sends its update under masks.',
    consistency: 'The tabs agree on who is still there.',
    unmask: 'The masks of all who are there cancel in the sum. Shares of the others lift the rest.',
  };
  return `Round ${round}: ${words[stage] ?? stage}${seconds}`;
}
