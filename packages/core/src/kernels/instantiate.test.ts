import { describe, expect, it } from 'vitest';
import { wasmHex as dense } from './dense.wasm.ts';
import { importingShared, instantiateTogether } from './instantiate.ts';
import { wasmHex } from './module.wasm.ts';

describe('several modules on one memory', () => {
  it.each([dense, wasmHex])('take a shared one after one byte of them has changed', (hex) => {
    const changed = importingShared(hex);
    const places = Array.from(hex, (digit, i) => (digit === changed[i] ? -1 : i)).filter((i) => i >= 0);
    expect(changed.length).toBe(hex.length);
    expect(places.map((i) => hex[i] + changed[i])).toEqual(['13']);
  });

  it('have a memory of their own, shared where it is asked for', () => {
    const own = instantiateTogether<object>([dense, wasmHex], 1);
    const shared = instantiateTogether<object>([dense, wasmHex], 1, { shared: true });
    // By its tag: a page that is not isolated has shared memory, and no name for it.
    const kind = (of: typeof own) => Object.prototype.toString.call(of?.memory.buffer);
    expect([kind(own), kind(shared)]).toEqual(['[object ArrayBuffer]', '[object SharedArrayBuffer]']);
    expect(Object.keys(shared?.exports ?? {})).toEqual(Object.keys(own?.exports ?? {}));
    expect(shared?.modules.length).toBe(2);
  });

  it('are none where a module asks for what there is not', () => {
    expect(instantiateTogether([dense, 'zz'], 1)).toBeUndefined();
    // The import of another memory.
    expect(instantiateTogether([dense.replaceAll('6d656d6f7279', '6d656d6f7278')], 1)).toBeUndefined();
  });
});
