import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eden, errorFeedback, pipe, rotated, topK } from '@fedkit/compression';
import { fedAvg, Layout, plainUpdates, seededRng } from '@fedkit/core';
import {
  checkLaws,
  codecLaws,
  exchangeLaws,
  mechanismLaws,
  pipelineLaws,
  robustAggregatorLaws,
} from '@fedkit/core/conformance';
import { describe, expect, it } from 'vitest';
import { bfloat16 } from './codec.ts';
import { perTensorClipping } from './mechanism.ts';
import { winsorizedMean } from './rule.ts';
import { portExchange, portServer } from './transport.ts';

const vector = (size: number, seed: number | string) => {
  const rng = seededRng(seed);
  return Float32Array.from({ length: size }, () => rng.uniform() - 0.5);
};

describe('a rule', () => {
  const contribution = (i: number) => ({ values: vector(40, i), client: `client ${i}`, weight: 1 + i });
  checkLaws(
    it,
    robustAggregatorLaws({ aggregator: winsorizedMean(40, { cut: 4 }), contribution, minimum: 9, byzantine: 4 }),
  );

  it('draws in what is far off', () => {
    const rule = winsorizedMean(1, { cut: 1 });
    const sum = rule.create();
    [1, 2, 3, 4, 1e9].forEach((value, i) => rule.accumulate(sum, { client: `${i}`, values: Float32Array.of(value) }));
    // 2, 2, 3, 4, 4
    expect(rule.finalize(sum)).toEqual(Float32Array.of(3));
  });

  describe('in an algorithm and a pipeline', () => {
    const algorithm = fedAvg({ aggregate: (size: number) => winsorizedMean(size, { cut: 1 }) });
    const create = () => plainUpdates({ algorithm, size: 16 });
    const contribution = (client: number) => ({ values: { update: vector(16, client) } });
    checkLaws(it, pipelineLaws({ create, contribution }));
  });
});

describe('a codec', () => {
  checkLaws(it, codecLaws({ codec: bfloat16 }));

  describe.each([
    ['rotated', rotated(bfloat16)],
    ['piped', pipe(topK({ density: 0.3 }), bfloat16)],
  ])('%s', (_name, codec) => checkLaws(it, codecLaws({ codec, draws: 1 })));

  it('takes error feedback, and stands beside ours slot by slot', () => {
    const feedback = errorFeedback(bfloat16, { size: 100 });
    const values = vector(100, 'owed');
    const [sent, owed] = [new Float64Array(100), 20];
    for (let round = 0; round < owed; round++) {
      const pending = feedback.encode(values, { sharedSeed: new Uint8Array(32) });
      bfloat16.decode(pending.bytes).forEach((value, i) => (sent[i] += value));
      pending.commit();
    }
    // What one round rounds away the next ones make up for.
    sent.forEach((total, i) => expect(Math.abs(total / owed - values[i])).toBeLessThan(2 ** -9 / owed));
    const codec = { update: bfloat16 };
    expect(plainUpdates({ algorithm: fedAvg(), size: 10, codec }).terms).not.toEqual(
      plainUpdates({ algorithm: fedAvg(), size: 10, codec: eden({ bits: 4 }) }).terms,
    );
  });
});

describe('a transport', () => {
  const ends: MessagePort[] = [];
  const connect = (handler: Parameters<typeof portServer>[2]) => ({
    exchange(client: string) {
      const { port1, port2 } = new MessageChannel();
      ends.push(port1, port2);
      portServer(port1, client, handler);
      return portExchange(port2);
    },
    close: () => ends.splice(0).forEach((port) => port.close()),
  });
  checkLaws(it, exchangeLaws({ connect }));
});

describe('a mechanism', () => {
  const layout = Layout.of([
    { name: 'a', shape: [16] },
    { name: 'b', shape: [16] },
  ]);
  // Odds of the laws: mechanismLaws states them.
  checkLaws(it, mechanismLaws({ central: perTensorClipping(layout, () => 2), draws: 200 }));
});

describe('each', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));

  it.each(files)('%s takes at most 40 lines and published packages alone', (name) => {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8');
    const code = text
      .replace(/\/\*\*[^]*?\*\//g, '')
      .split('\n')
      .filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
    expect(code.length).toBeLessThanOrEqual(40);
    for (const [, from] of text.matchAll(/ from '([^']*)'/g)) {
      expect(from).toMatch(/^@fedkit\/(core|compression|privacy|secagg)(\/[a-z/-]+)?$/);
      expect(from).not.toContain('internal');
    }
  });

  it('is a rule, a codec, a transport or a mechanism', () => {
    expect(files.sort()).toEqual(['codec.ts', 'mechanism.ts', 'rule.ts', 'transport.ts']);
  });
});
