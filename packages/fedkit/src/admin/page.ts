/**
 * The page: one document without anything from elsewhere.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { SCRIPT } from './page-script.ts';

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.2rem; } h1 small { font-weight: normal; opacity: .7; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; }
dl div { border: 1px solid #8886; border-radius: .4rem; padding: .5rem .75rem; }
dt { font-size: .8rem; opacity: .7; } dd { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid #8883; }
th:nth-child(2), td:nth-child(2) { text-align: left; }
button, input { font: inherit; padding: .3rem .7rem; margin: 0 .3rem .3rem 0; }
.bad { color: #c33; } #awaited { overflow-wrap: anywhere; opacity: .8; }
`;

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing is loaded from, sent to, or framed by anyone else. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; script-src ${hash(SCRIPT)}; style-src ${hash(STYLE)}`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

const document = (body: string) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>fedkit</title><style>${STYLE}</style>${body}</html>`;

/** @param problem - Why the last try failed: text of ours. */
export function loginPage(problem: string = ''): string {
  return document(
    `<h1>fedkit</h1><form method="post" action="/login"><label>Password <input type="password" name="password" autocomplete="current-password" required autofocus></label> <button>Log in</button></form><p class="bad" role="alert">${problem}</p>`,
  );
}

const CARDS = [
  ['phase', 'Phase'],
  ['round', 'Round'],
  ['stage', 'Stage'],
  ['remaining', 'Ends in'],
  ['answered', 'Answered'],
  ['waiting', 'Clients waiting'],
  ['published', 'Published'],
  ['up', 'Received'],
  ['down', 'Sent'],
  ['epsilon', 'ε spent'],
] as const;
const COLUMNS = [
  'Round',
  'Outcome',
  'Invited',
  'In the model',
  'Dropped',
  'Late',
  'Received',
  'Sent',
  'Seconds',
  'ε',
  'Measured',
];
const ACTIONS = ['pause', 'resume', 'extend', 'rollback', 'readmit', 'verify', 'drain', 'cancel'];

export function page(): string {
  const cards = CARDS.map(([id, title]) => `<div><dt>${title}</dt><dd id="${id}">–</dd></div>`).join('');
  const columns = COLUMNS.map((title) => `<th scope="col">${title}</th>`).join('');
  const buttons = ACTIONS.map((action) => `<button data-action="${action}">${action}</button>`).join('');
  return document(
    `<h1>fedkit <small id="run"></small></h1><dl>${cards}</dl><p>${buttons}</p><p id="said" role="status"></p><p id="failure" class="bad"></p><p id="processes"></p><p id="awaited"></p><p id="excluded"></p><table><thead><tr>${columns}</tr></thead><tbody id="rows"></tbody></table><form method="post" action="/logout"><button>Log out</button></form><script>${SCRIPT}</script>`,
  );
}
