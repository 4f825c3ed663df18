/**
 * The current round, and those that have ended.
 *
 * @module
 */
import type { Status } from '../status.ts';
import { bytes, nowWords, percent, shortName } from './words.ts';

const STEPS = ['waiting', 'advertise', 'share', 'input', 'unmask'];
/** Stages that look alike from outside. */
const STEP_OF: Readonly<Record<string, string>> = { reveal: 'advertise', consistency: 'unmask' };

/** @param me - The participant that this tab is. */
export function showRound(status: Status, me: string | undefined): void {
  const $ = (id: string) => document.getElementById(id) as HTMLElement;
  const { history, start, round, rounds, stage, participants } = status;
  const last = [...history].reverse().find(({ outcome }) => outcome === 'published');
  $('accuracy').textContent = percent(last?.accuracy ?? start.accuracy);
  $('loss').textContent = (last?.loss ?? start.loss).toFixed(2);
  $('round').textContent = `${stage === undefined ? (last?.round ?? 0) : round} of ${rounds}`;
  $('tabs').textContent = last ? `${last.contributors.length}` : '–';
  $('now').textContent = nowWords(status);
  if (status.privacy === 'noise') {
    $('epsilon-figure').hidden = false;
    $('epsilon').textContent = last?.epsilon === undefined ? '0' : last.epsilon.toFixed(1);
    $('epsilon-label').textContent =
      `ε spent, against the coordinator, for δ = ${status.delta}: too much to protect anyone among so few, which is the truth about five tabs`;
  }

  const step = stage === undefined ? 'waiting' : (STEP_OF[stage] ?? stage);
  const at = status.phase === 'finished' ? STEPS.length : STEPS.indexOf(step);
  for (const item of document.querySelectorAll<HTMLElement>('#stages li')) {
    const place = STEPS.indexOf(item.dataset.stage ?? '');
    item.classList.toggle('past', place < at);
    item.classList.toggle('current', place === at);
    if (place === at) item.setAttribute('aria-current', 'step');
    else item.removeAttribute('aria-current');
  }

  const words = { working: 'is awaited', done: 'has answered', gone: 'is gone' };
  $('participants').replaceChildren(
    ...participants.map(({ id, state }) => {
      const item = document.createElement('li');
      item.className = `${state}${id === me ? ' mine' : ''}`;
      item.textContent = id === me ? 'this tab' : shortName(id);
      item.title = `${shortName(id)} ${words[state]}`;
      item.setAttribute('aria-label', `${id === me ? 'this tab' : shortName(id)} ${words[state]}`);
      return item;
    }),
  );

  const table = $('rounds') as HTMLTableSectionElement;
  if (table.rows.length === history.length) return;
  table.replaceChildren(
    ...history.map((past) => {
      const row = document.createElement('tr');
      const published = past.outcome === 'published';
      const cells = [
        `${past.round}`,
        published ? percent(past.accuracy) : 'came to nothing',
        published ? past.loss.toFixed(3) : '',
        past.ownLoss?.toFixed(3) ?? '',
        `${past.contributors.length}`,
        `${past.lost}`,
        bytes(past.up),
        bytes(past.down),
        (past.milliseconds / 1000).toFixed(1),
      ];
      row.append(
        ...cells.map((text) => {
          const cell = document.createElement('td');
          cell.textContent = text;
          return cell;
        }),
      );
      return row;
    }),
  );
}
