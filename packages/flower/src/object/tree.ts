/**
 * Trees of objects: what is to be fetched or sent, before any of it has come.
 *
 * @module
 */
import { FedkitError } from '@fedkit/core';
import { refuse } from '@fedkit/core/internal';
import type { ObjectTree } from '../proto/messages.ts';
import { type FlowerObject, isObjectId, parseObject } from './object.ts';

/** The deepest tree: Message, RecordDict, ArrayRecord, Array, ArrayChunk. */
const MAX_TREE_DEPTH = 5;
/** The most places in a tree. */
export const MAX_TREE_PLACES = 100_000;

/** The tree of an object at hand. @throws FedkitError `DECODE_FAILED` beyond {@link MAX_TREE_PLACES}. */
export function treeOf(root: FlowerObject): ObjectTree {
  let places = 0;
  const walk = ({ id, children }: FlowerObject): ObjectTree => {
    if (++places > MAX_TREE_PLACES) fail(`at most ${MAX_TREE_PLACES} objects`, 'more');
    return { objectId: id, children: children.map(walk) };
  };
  return walk(root);
}

/**
 * Every id of a tree once, children before their parents.
 *
 * @throws FedkitError `DECODE_FAILED` for a tree deeper than {@link MAX_TREE_DEPTH}, of more than `maximum` places, or with an
 * id that is none.
 */
export function idsOf(tree: ObjectTree, maximum: number = MAX_TREE_PLACES): string[] {
  const ids = new Set<string>();
  let places = 0;
  const walk = ({ objectId, children }: ObjectTree, depth: number): void => {
    if (depth > MAX_TREE_DEPTH) fail(`at most ${MAX_TREE_DEPTH} levels`, 'more');
    if (++places > maximum) fail(`at most ${maximum} objects`, 'more');
    if (!isObjectId(objectId)) fail('ids of 64 hexadecimal digits', 'another');
    for (const child of children) walk(child, depth + 1);
    ids.add(objectId);
  };
  walk(tree, 1);
  return [...ids];
}

/** An object and its descendants, each once, children first. */
export function objectsOf(root: FlowerObject): FlowerObject[] {
  const all = new Map<string, FlowerObject>();
  const walk = (object: FlowerObject): void => {
    if (all.has(object.id)) return;
    for (const child of object.children) walk(child);
    all.set(object.id, object);
  };
  walk(root);
  return [...all.values()];
}

/**
 * The object called `id`, from bytes whose digests were verified. Whatever stands twice in it is one object here.
 *
 * @param bytesOf - The bytes of an id, or `undefined`.
 * @throws FedkitError `DECODE_FAILED` for missing objects, for bytes that are no object, and beyond the depth above. Cycles
 * there are none: no digest is over itself.
 */
export function gather(id: string, bytesOf: (id: string) => Uint8Array | undefined): FlowerObject {
  const known = new Map<string, FlowerObject>();
  const visit = (wanted: string, depth: number): FlowerObject => {
    const there = known.get(wanted);
    if (there) return there;
    if (depth > MAX_TREE_DEPTH) fail(`at most ${MAX_TREE_DEPTH} levels`, 'more');
    const bytes = bytesOf(wanted);
    if (bytes === undefined) return refuse('DECODE_FAILED', 'gather', 'every object of the tree', 'one missing');
    const { type, children } = parseObject(bytes);
    const object = { id: wanted, type, bytes, children: children.map((child) => visit(child, depth + 1)) };
    known.set(wanted, object);
    return object;
  };
  return visit(id, 1);
}

function fail(expected: string, got: string): never {
  throw new FedkitError('DECODE_FAILED', `object tree: expected ${expected}, got ${got}`);
}
