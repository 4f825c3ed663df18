/**
 * What the page does: plain JavaScript for browsers, as text. All that comes from the server enters as text, never as markup.
 *
 * @module
 */

export const SCRIPT = `
'use strict';
const at = (id) => document.getElementById(id);
const show = (id, text) => { at(id).textContent = text; };
const bytes = (n) => n < 1e3 ? n + ' B' : n < 1e6 ? (n / 1e3).toFixed(1) + ' kB' : n < 1e9 ? (n / 1e6).toFixed(1) + ' MB' : (n / 1e9).toFixed(2) + ' GB';
const epsilon = (e) => e ? [e.server !== undefined && e.server.toFixed(2) + ' server', e.recipients !== undefined && e.recipients.toFixed(2) + ' recipients'].filter(Boolean).join(', ') : '–';
const measured = (m) => m ? Object.entries(m).map(([name, { mean, standardError: e }]) => name + ' ' + mean.toPrecision(4) + (e ? ' ± ' + e.toPrecision(2) : '')).join(', ') : '–';
let ends, up = 0, down = 0;
const rows = new Map();
const live = new EventSource('/api/live');
live.addEventListener('snapshot', ({ data }) => {
  const s = JSON.parse(data);
  show('run', s.run.slice(0, 12));
  show('phase', s.paused ? s.phase + ', paused' : s.ready ? s.phase : s.phase + ', ' + s.reason);
  show('round', s.round);
  show('stage', s.stage ?? '–');
  show('answered', s.stage ? s.accepted + ' of ' + (s.accepted + s.open) : '–');
  show('waiting', s.waiting);
  show('published', s.published);
  show('awaited', s.awaited.length ? 'Awaited: ' + s.awaited.join(', ') : '');
  show('excluded', s.excluded?.length ? 'Excluded: ' + s.excluded.map(({ client, round }) => client + ' (round ' + round + ')').join(', ') : '');
  show('failure', s.lastFailure ? 'Last failure: ' + s.lastFailure : '');
  ends = s.remaining === undefined ? undefined : performance.now() + s.remaining;
});
setInterval(() => show('remaining', ends === undefined ? '–' : Math.max(0, Math.round((ends - performance.now()) / 1000)) + ' s'), 500);
live.addEventListener('row', ({ data }) => {
  const r = JSON.parse(data);
  if (rows.has(r.round)) return;
  const row = document.createElement('tr');
  const outcome = r.outcome + (r.reason ? ', ' + r.reason : '') + (r.base === undefined ? '' : ', from ' + r.base);
  for (const text of [r.round, outcome, r.invited, r.contributors, r.dropouts, r.late, bytes(r.up), bytes(r.down), r.seconds.toFixed(1), epsilon(r.epsilon), measured(r.metrics)]) {
    row.insertCell().textContent = text;
  }
  rows.set(r.round, row);
  at('rows').prepend(row);
  show('up', bytes(up += r.up));
  show('down', bytes(down += r.down));
  if (r.epsilon) show('epsilon', epsilon(r.epsilon));
});
const look = async () => {
  const processes = await (await fetch('/api/processes')).json();
  show('processes', processes.length ? 'Processes: ' + processes.map(({ name, ready, reason }) => name + (ready ? '' : ' (' + (reason ?? 'not ready') + ')')).join(', ') : '');
  if (processes.length) setTimeout(look, 2000);
};
look().catch(() => {});
live.addEventListener('error', () => show('said', 'No connection: trying again.'));
live.addEventListener('open', () => show('said', ''));
const asks = {
  extend: () => { const s = prompt('Seconds more for this stage', '60'); return s && { milliseconds: 1000 * Number(s) }; },
  rollback: () => { const r = prompt('Go on from the model after round'); return r && { round: Number(r) }; },
  readmit: () => { const client = prompt('Let which client take part again?'); return client && { client }; },
  cancel: () => confirm('End the run for good?') && {},
  drain: () => confirm('Open no more rounds in this process?') && {},
};
for (const button of document.querySelectorAll('[data-action]')) {
  button.addEventListener('click', async () => {
    const { action } = button.dataset;
    const body = asks[action] ? asks[action]() : {};
    if (!body) return;
    const response = await fetch('/api/' + action, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const answer = await response.json();
    const verified = answer.faults && answer.keys + ' keys, ' + answer.faults.length + ' faults ' + answer.faults.map(({ key }) => key).join(', ');
    show('said', answer.error ?? action + ': ' + (verified ?? 'done'));
  });
}
`;
