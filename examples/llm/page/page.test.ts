// Odds of its processes: 0. The page trains and writes from seeds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelDigest } from '@fedkit/core';
import { tokenWindows } from '@fedkit/llm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverBinary } from '../../../packages/core/test/server-binary.ts';
import { slowness } from '../../../packages/core/test/slowness.ts';
import { tinyFile, tinyMetadata, tinyTensors } from '../../../packages/llm/test/gguf-writer.helpers.ts';
import { bytesOf, pretrained, smallModel } from '../model.ts';
import { servePage } from './build.ts';
import { BrowserPage } from './devtools.ts';
import { learn, LENGTH } from './learn.ts';

const chromium = serverBinary('chromium', 'the page that trains a language model');
const PATIENCE = 20_000 * slowness();
const TEXT = 'Remember the milk, and call my mother before seven. '.repeat(12);
// Before the page is there, nothing is.
const STATUS = "(document.querySelector('#status')?.textContent ?? '')";

/** A GGUF with a tokenizer of bytes, as byte-level BPE without merges has it. */
function byteModel(): Uint8Array {
  const letters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const tokens = [...letters, 'Ġ'];
  const tensors = tinyTensors().map((own) =>
    own.name === 'token_embd.weight' ? { ...own, dimensions: [4, tokens.length] } : own,
  );
  const lists = { 'tokenizer.ggml.tokens': tokens, 'tokenizer.ggml.merges': [] };
  return tinyFile({ ...tinyMetadata(), 'tokenizer.ggml.model': 'gpt2' }, tensors, lists);
}

describe.skipIf(chromium === undefined)('the page, in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fedkit-page-model-'));
  let server: Awaited<ReturnType<typeof servePage>>;
  let page: BrowserPage;
  const status = (wanted: string) => page.until(`${STATUS}.startsWith('${wanted}')`, STATUS, PATIENCE);
  beforeAll(async () => {
    server = await servePage(0);
    page = await BrowserPage.open(chromium as string, server.url);
  }, PATIENCE);
  afterAll(async () => {
    await page?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('learns what is typed, to the bytes that Node comes to', { timeout: 3 * PATIENCE }, async () => {
    await status('ready: a byte transformer, 165,056 trainable parameters, WebAssembly');
    await page.evaluate(`document.querySelector('#typed').value = ${JSON.stringify(TEXT)}`);
    await page.evaluate("document.querySelector('#train').click()");
    await status('trained');
    const [digest, ...cells] = await page.evaluate<string[]>(
      "(({ dataset, cells }) => [dataset.digest, ...Array.from(cells, (cell) => cell.textContent)])(document.querySelector('#rounds').rows[0])",
    );
    const model = smallModel();
    const start = pretrained(model);
    const windows = tokenWindows([bytesOf(TEXT)], { length: LENGTH });
    const trained = await learn(model, start, windows, { steps: 12, learningRate: 1e-3 }, () => {});
    expect(digest).toBe(modelDigest(model.layout, trained));
    const bits = (params: Float32Array) => (model.evaluate(params, windows).loss / Math.LN2).toFixed(3);
    expect(cells.slice(0, 2)).toEqual([bits(start), bits(trained)]);
    expect(Number(cells[1])).toBeLessThan(0.8 * Number(cells[0]));
    expect(cells[3]).toBe('0.66 MB');
  });

  it('writes', { timeout: PATIENCE }, async () => {
    await page.evaluate("document.querySelector('#write').click()");
    await status('written');
    expect(await page.evaluate<number>("document.querySelector('#written').textContent.length")).toBeGreaterThan(50);
  });

  it('says what is no model, and goes on with the one it has', { timeout: PATIENCE }, async () => {
    const path = join(folder, 'no-model.gguf');
    writeFileSync(path, 'GGUF, or is it');
    await page.pick('#file', path);
    await status('failed: DECODE_FAILED: loadGguf');
    expect(await page.evaluate("document.querySelector('#again').hidden")).toBe(true);
    await page.evaluate("document.querySelector('#write').click()");
    await status('written');
  });

  it('takes a picked model, and keeps it for the next visit', { timeout: 3 * PATIENCE }, async () => {
    const path = join(folder, 'picked.gguf');
    writeFileSync(path, byteModel());
    await page.pick('#file', path);
    await status('ready: picked.gguf');
    await page.evaluate("document.querySelector('#train').click()");
    await status('trained');
    await page.ask('Page.reload');
    await status('ready: a byte transformer');
    await page.until("!document.querySelector('#again').hidden", STATUS, PATIENCE);
    await page.evaluate("document.querySelector('#again').click()");
    await status('ready: model.gguf');
  });
});
