// See corpus.ts.
import { existsSync, writeFileSync } from 'node:fs';
import { seededRng } from '@fedkit/core';
import { mutate } from '../../packages/compression/test/fuzz.ts';
import { endOf, FILE, type Kept, readCorpus } from './corpus.ts';
import { DECODERS } from './decoders.ts';

/** Longer inputs are not kept: the corpus is small. */
const LONGEST = 700;

const [mutations = 20_000, seed = 1] = process.argv.slice(2).map(Number);
const before = existsSync(FILE) ? readCorpus() : {};
const after: Record<string, readonly Kept[]> = {};
for (const [name, decoder] of Object.entries(DECODERS)) {
  const kept: Kept[] = [];
  const ways = new Set<string>();
  const keep = (bytes: Uint8Array): void => {
    const { code, way } = endOf(decoder, bytes);
    if (ways.has(way) || bytes.length > LONGEST) return;
    ways.add(way);
    kept.push([Buffer.from(bytes).toString('base64'), code]);
  };
  for (const [input] of before[name] ?? []) keep(new Uint8Array(Buffer.from(input, 'base64')));
  const rng = seededRng(`corpus ${name} ${seed}`);
  const { valid } = decoder;
  const pool = [...valid];
  for (const bytes of [...valid, new Uint8Array(0)]) keep(bytes);
  for (let i = 0; i < mutations; i++) {
    const bytes = mutate(pool[rng.below(pool.length)], pool[rng.below(pool.length)], rng);
    const known = kept.length;
    keep(bytes);
    // What has led to a new end leads to others.
    if (kept.length > known && bytes.length > 0) pool.push(bytes);
  }
  after[name] = kept;
  console.log(`${name}: ${kept.length} ways, ${kept.length - (before[name]?.length ?? 0)} of them new`);
}
const lines = Object.entries(after).map(
  ([name, kept]) => `  ${JSON.stringify(name)}: [\n${kept.map((one) => `    ${JSON.stringify(one)}`).join(',\n')}\n  ]`,
);
writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`);
