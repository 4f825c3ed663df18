import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { encodeState } from '../src/model/state-file.ts';

it('states are spelled as the protocol’s page shows', () => {
  const page = readFileSync(new URL('../../../docs/round-protocol.md', import.meta.url), 'utf8');
  const [, block = ''] = /### States.*?```json\n(.*?)```/s.exec(page) ?? [];
  const shown = JSON.parse(block) as { __metadata__: { kind: string; model: string }; params: { shape: [number] } };
  const [size] = shown.params.shape;
  const { kind } = shown.__metadata__;
  const model = 'ab'.repeat(32);
  shown.__metadata__.model = model;
  const text = JSON.stringify(shown);
  const bytes = encodeState({ params: new Float32Array(size), epoch: 3 }, { kind, model });
  const length = new DataView(bytes.buffer).getUint32(0, true);
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + length))).toBe(text.padEnd(8 * Math.ceil(text.length / 8)));
  expect(bytes.length).toBe(8 + length + 4 * size);
});
