/**
 * The page as files that any web server can hand out.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '@fedkit/core/transport/node';
import { buildSync } from 'esbuild';
import { STYLE } from '../../report/style.ts';

/** A file and its type. */
interface PageFile {
  readonly type: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
}

function bundled(entry: string): PageFile {
  const [{ text }] = buildSync({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['@fedkit/source'],
    logLevel: 'error',
    minify: true,
    write: false,
  }).outputFiles;
  return { type: 'text/javascript', content: text };
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>A language model that learns what you type</title>
<style>${STYLE}
textarea, input[type=text] { width: 100%; box-sizing: border-box; font: inherit; padding: 8px; }
progress { width: 100%; } pre { white-space: pre-wrap; }
</style>
<main>
<h1>A language model that learns what you type</h1>
<p>It learned English from addresses of presidents up to 1900. Here it trains on your words, in this tab: they leave it nowhere.
What a federation would send is the change of its parameters, whose size is in the table.</p>
<p id="status">loading</p>
<progress id="progress" value="0" max="1"></progress>
<h2>Type</h2>
<textarea id="typed" rows="6" aria-label="Text to train on"></textarea>
<button id="train">Train</button>
<div class="scroll"><table>
<thead><tr><th>bits a token before</th><th>after</th><th>seconds</th><th>update</th><th>in 1 bit a value</th></tr></thead>
<tbody id="rounds"></tbody>
</table></div>
<h2>Have it write</h2>
<input id="prompt" type="text" value="The American people " aria-label="Prompt">
<button id="write">Write</button>
<pre id="written"></pre>
<h2>Another model</h2>
<p>A GGUF file with a byte-level tokenizer, such as SmolLM2-135M: its weights stay frozen in their bits, and adapters train. The
browser keeps it for your next visit.</p>
<input id="file" type="file" accept=".gguf" aria-label="Model file">
<button id="again" hidden></button>
</main>
<script type="module" src="page.js"></script>
</html>
`;

/** Every file, by its path. */
export function pageFiles(): ReadonlyMap<string, PageFile> {
  const base = new Uint8Array(readFileSync(join(import.meta.dirname, '../base.safetensors')));
  return new Map<string, PageFile>([
    ['/', { type: 'text/html', content: PAGE }],
    ['/page.js', bundled('page.ts')],
    ['/worker.js', bundled('worker.ts')],
    ['/base.safetensors', { type: 'application/octet-stream', content: base }],
  ]);
}

/** Hands out the page on this machine, for whoever opens it. */
export async function servePage(port: number): Promise<{ readonly url: string; close(): Promise<void> }> {
  const files = pageFiles();
  return serve(
    async (request) => {
      const file = files.get(new URL(request.url).pathname);
      if (file === undefined) return new Response('', { status: 404 });
      return new Response(file.content, { headers: { 'content-type': file.type } });
    },
    { port },
  );
}
