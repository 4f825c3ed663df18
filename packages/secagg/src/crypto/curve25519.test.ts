import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as noble from '@noble/curves/ed25519.js';
import { seededRng } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { SEEDED } from '../../../../scripts/test/seeded-children.ts';
import { hex } from '../internal/bytes.ts';
import { ed25519, Point } from './curve25519.ts';
import { x25519 } from './x25519.ts';

const rng = seededRng('curve25519');
const draw = (length = 32) => rng.fill(new Uint8Array(length));

describe('curve25519', () => {
  it('is the curve of the library, in keys, signatures, agreements and points', () => {
    for (let i = 0; i < 10; i++) {
      const [secret, other, message] = [draw(), draw(), draw(i)];
      expect(hex(ed25519.getPublicKey(secret))).toBe(hex(noble.ed25519.getPublicKey(secret)));
      expect(hex(ed25519.sign(message, secret))).toBe(hex(noble.ed25519.sign(message, secret)));
      expect(hex(x25519.getPublicKey(secret))).toBe(hex(noble.x25519.getPublicKey(secret)));
      const peer = x25519.getPublicKey(other);
      expect(hex(x25519.getSharedSecret(secret, peer))).toBe(hex(noble.x25519.getSharedSecret(secret, peer)));
    }
    expect(Point.CURVE()).toEqual(noble.ed25519.Point.CURVE());
  });

  it('decodes what the library decodes', () => {
    for (let i = 0; i < 40; i++) {
      const bytes = draw();
      const decoded = [Point, noble.ed25519.Point].map((points) => {
        try {
          const point = points.fromBytes(bytes);
          return `${hex(point.toBytes())} ${point.isTorsionFree()}`;
        } catch {
          return 'none';
        }
      });
      expect(decoded[0]).toBe(decoded[1]);
    }
  });
});

it('the package loads where there is neither TextEncoder nor TextDecoder', async () => {
  const main = `
    for (const name of ['TextEncoder', 'TextDecoder']) delete globalThis[name];
    const { plainProvider, roundConfig } = await import('./src/index.ts');
    await import('./src/testing/index.ts');
    console.log(plainProvider.sign(new Uint8Array(32), new Uint8Array(0)).length);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--conditions=@fedkit/source', '--input-type=module', '-e', main],
    { cwd: fileURLToPath(new URL('../..', import.meta.url)), env: { ...process.env, ...SEEDED } },
  );
  expect(stdout.trim()).toBe('64');
});
