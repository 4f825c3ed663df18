/**
 * The page's side: what the visitor types goes to the worker, and nowhere else.
 *
 * @module
 */
import type { Order, Report } from './messages.ts';

const find = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const [typed, train, prompt, write] = ['typed', 'train', 'prompt', 'write'].map((id) => find(id)) as [
  HTMLTextAreaElement,
  HTMLButtonElement,
  HTMLInputElement,
  HTMLButtonElement,
];
const worker = new Worker('worker.js', { type: 'module' });
const order = (own: Order) => worker.postMessage(own);
const MB = (bytes: number) => `${(bytes / 1e6).toFixed(2)} MB`;
const STEPS = 12;

function busy(is: boolean): void {
  for (const button of [train, write]) button.disabled = is;
}

function tell(report: Report): void {
  const status = find('status');
  if (report.kind === 'progress') {
    const bar = find<HTMLProgressElement>('progress');
    bar.max = report.all;
    bar.value = report.done;
    status.textContent = report.what;
    return;
  }
  if (report.kind === 'kept') {
    find('again').hidden = false;
    find('again').textContent = `Take the model that is kept here (${MB(report.bytes)})`;
    return;
  }
  if (report.kind === 'written') find('written').textContent = report.text;
  if (report.kind === 'written' && !report.done) return;
  busy(false);
  if (report.kind === 'ready') {
    const how = report.accelerated ? 'WebAssembly' : 'plain JavaScript';
    status.textContent = `ready: ${report.name}, ${report.parameters.toLocaleString('en')} trainable parameters, ${how}, ${MB(report.memory)} of memory`;
  } else if (report.kind === 'trained') {
    const { before, after, seconds, update, encoded, digest } = report;
    const row = find<HTMLTableSectionElement>('rounds').insertRow();
    row.dataset.digest = digest;
    const cells = [before.toFixed(3), after.toFixed(3), seconds.toFixed(1), MB(update), MB(encoded)];
    for (const cell of cells) row.insertCell().textContent = cell;
    status.textContent = 'trained';
  } else if (report.kind === 'written') status.textContent = 'written';
  else status.textContent = `failed: ${report.message}`;
}

worker.onmessage = ({ data }: MessageEvent<Report>) => tell(data);
worker.onerror = ({ message }) => tell({ kind: 'failed', message });
train.onclick = () => {
  busy(true);
  order({ kind: 'train', text: typed.value, steps: STEPS });
};
write.onclick = () => {
  busy(true);
  order({ kind: 'write', prompt: prompt.value, tokens: 120 });
};
find<HTMLInputElement>('file').onchange = ({ target }) => {
  const [file] = (target as HTMLInputElement).files ?? [];
  if (file === undefined) return;
  busy(true);
  order({ kind: 'published', file });
};
find('again').onclick = () => {
  busy(true);
  order({ kind: 'published', file: undefined });
};

busy(true);
const response = await fetch('base.safetensors');
order({ kind: 'small', file: new Uint8Array(await response.arrayBuffer()) });
