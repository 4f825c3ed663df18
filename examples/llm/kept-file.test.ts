import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '@fedkit/core/transport/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KeptFile, keptFile } from './kept-file.ts';
import { rolesOf } from './shakespeare.ts';

const content = new TextEncoder().encode('weights of a model');
const file: KeptFile = {
  title: 'a model',
  licence: 'Apache-2.0',
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  name: 'model.gguf',
  python: { name: 'no-such-package', version: '0' },
};

describe('files that are kept outside the tree', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fedkit-kept-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are taken from where the caller has them, if it is they', async () => {
    const own = join(folder, 'own.gguf');
    writeFileSync(own, content);
    expect(await keptFile(file, own, () => {}, folder)).toBe(own);
    writeFileSync(own, 'weights of another');
    await expect(keptFile(file, own, () => {}, folder)).rejects.toThrow(file.sha256);
  });

  it('are fetched once, said before, and checked every time', async () => {
    let asked = 0;
    let served: Uint8Array = content;
    const server = await serve(async () => {
      asked++;
      return new Response(served as Uint8Array<ArrayBuffer>);
    });
    try {
      const cache = join(folder, 'cache');
      const said: string[] = [];
      served = content.slice(1);
      await expect(keptFile(file, server.url, (line) => said.push(line), cache)).rejects.toThrow(file.sha256);
      expect(said).toEqual([`Downloading a model (0.0 MB, Apache-2.0) from ${server.url}`]);
      served = content;
      const place = await keptFile(file, server.url, () => {}, cache);
      expect(new Uint8Array(readFileSync(place))).toEqual(content);
      expect(await keptFile(file, server.url, () => {}, cache)).toBe(place);
      expect(asked).toBe(2);
      expect(readdirSync(cache).length).toBe(1);
      writeFileSync(place, 'changed on disk');
      await expect(keptFile(file, server.url, () => {}, cache)).rejects.toThrow(file.sha256);
    } finally {
      await server.close();
    }
  });
});

it('tells roles apart by who speaks, and leaves the stage out', () => {
  const play = [
    'THE PLAY',
    '',
    'Ham.',
    'To be, or not to be,--that is the question:--',
    "Whether 'tis nobler. [Aside.] In the mind",
    '',
    'Oph.',
    'Good my lord.',
    '',
    '[Exit.]',
    '',
    'Ham.',
    'I humbly thank you.',
    '',
    'Scene II.',
  ].join('\r\n');
  expect(rolesOf('hamlet', play)).toEqual([
    {
      name: 'Ham in hamlet',
      text: "To be, or not to be,--that is the question:--\nWhether 'tis nobler.  In the mind\n\nI humbly thank you.",
    },
    { name: 'Oph in hamlet', text: 'Good my lord.' },
  ]);
});
