import { describe, expect, it } from 'vitest';
import { refusedMutations } from '../../test/mutations.ts';
import { bytesOf, objectsOf, vectors } from '../../test/vectors.ts';
import { makeObject, objectId, parseObject } from './object.ts';
import { gather, idsOf, MAX_TREE_PLACES, objectsOf as listOf, treeOf } from './tree.ts';

describe('objects', () => {
  it('has the ids and the parts of what flwr writes', async () => {
    for (const message of [vectors.message, vectors.error]) {
      for (const [id, text] of Object.entries(message.objects as Record<string, string>)) {
        const bytes = bytesOf(text);
        expect(await objectId(bytes)).toBe(id);
        const { type, children, body } = parseObject(bytes);
        const again = await makeObject(
          type,
          children.map((child) => ({ id: child, type: 'Array', bytes: new Uint8Array(0), children: [] })),
          body,
        );
        expect(again.bytes).toEqual(bytes);
        expect(again.id).toBe(id);
      }
    }
  });

  it('gathers a tree, and lists every object once, children first', () => {
    const { id, get } = objectsOf(vectors.message);
    const root = gather(id, get);
    const ids = idsOf(treeOf(root));
    expect(new Set(ids)).toEqual(new Set(Object.keys(vectors.message.objects)));
    expect(listOf(root).map((object) => object.id)).toEqual(ids);
    expect(ids.at(-1)).toBe(id);
    // The two arrays of zeros are one object.
    const arrays = root.children[0].children.find(({ type }) => type === 'ArrayRecord');
    expect(arrays?.children).toHaveLength(2);
    expect(() => gather(id, (wanted) => (wanted === ids[0] ? undefined : get(wanted)))).toThrow(/one missing/);
  });

  it('refuses trees that are too deep, too large, or name no digests', () => {
    const objectId = '0'.repeat(64);
    const leaf = { objectId, children: [] };
    let deep = leaf as { objectId: string; children: readonly object[] };
    for (let i = 0; i < 5; i++) deep = { objectId, children: [deep] };
    expect(() => idsOf(deep as never)).toThrow(/at most 5 levels/);
    const wide = { objectId, children: Array<typeof leaf>(MAX_TREE_PLACES).fill(leaf) };
    expect(() => idsOf(wide)).toThrow(/at most 100000 objects/);
    expect(idsOf({ objectId, children: wide.children.slice(1) })).toEqual([objectId]);
    expect(() => idsOf({ objectId: 'A'.repeat(64), children: [] })).toThrow(/64 hexadecimal/);
  });

  it('answers 20,000 mutations with parts or an error by name', () => {
    const seeds = Object.values(vectors.message.objects as Record<string, string>).map(bytesOf);
    const refused = refusedMutations(seeds, 20_000, parseObject);
    expect(refused).toBeGreaterThan(2000);
    expect(refused).toBeLessThan(20_000);
  });
});
