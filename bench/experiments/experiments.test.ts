import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fedAvg, Layout } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../packages/fedkit/src/index.ts';

const here = import.meta.dirname;
const files = readdirSync(here).filter((file) => file.endsWith('.ts') && !/^main\.|\.test\./.test(file));
const loaded = await Promise.all(
  files.map(async (file) => {
    const { default: experiment } = (await import(join(here, file))) as { default: Experiment };
    return { file, experiment };
  }),
);

describe('an experiment file', () => {
  it.each(loaded)('$file names its results after itself, and has five seeds', ({ file, experiment }) => {
    expect(`${experiment.name}.ts`).toBe(file);
    expect(experiment.seeds).toBeGreaterThanOrEqual(5);
  });
});

describe('experiments of compression', () => {
  const layout = Layout.of([{ name: 'w', shape: [300] }]);
  const context = { algorithm: fedAvg(), layout, parameters: {}, population: 100, rounds: 1, seed: 'a' };
  const compared = loaded.filter(({ file }) => file.startsWith('compression'));

  it.each(compared)('$file compresses both ways by every channel but one', async ({ experiment }) => {
    const { none, ...others } = experiment.channels;
    expect(none).toBe('none');
    for (const channel of Object.values(others)) {
      const made = channel === 'none' ? undefined : await channel(context);
      expect(made && 'down' in made && made.up?.algorithm).toBe(context.algorithm);
      const down = made && 'down' in made ? made.down() : undefined;
      const update = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i));
      const published = down?.publish(update, { sharedSeed: new Uint8Array(32) });
      expect(published?.update.length).toBe(300);
      expect(down?.catchUp(0)?.length).toBeLessThan(4 * 300);
    }
  });
});
