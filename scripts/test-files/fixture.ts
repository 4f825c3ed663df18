// What `test-files.test.ts` has the runner run: tests that pass, fail, are skipped, and stand behind a hook that throws.
import { beforeAll, describe, expect, it } from 'vitest';

it('passes', () => {
  expect(1).toBe(1);
  expect([1, 2]).toMatchInlineSnapshot(`
    [
      1,
      2,
    ]
  `);
});
it('draws the same from the platform every time', () => {
  const draw = crypto.getRandomValues(new Uint8Array(4));
  expect([...draw]).toEqual(DRAWN);
});
it.skip('is skipped', () => {});
it('fails', () => {
  expect(1).toBe(2);
});
it('another snapshot', () => {
  expect([1]).toMatchInlineSnapshot(`
    [
      2,
    ]
  `);
});
it('never ends', () => new Promise(() => {}), 20);
describe('a hook', () => {
  beforeAll(() => {
    throw new Error('a hook');
  });
  it('is behind it', () => {});
});

const DRAWN = [145, 100, 116, 114];
