import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusedMutations } from '../../test/mutations.ts';
import { bytesOf, vectors } from '../../test/vectors.ts';
import { decodeMessage, MAX_DEPTH, MAX_MESSAGES } from './decode.ts';
import { encodeMessage } from './encode.ts';
import { ENVELOPE, OBJECT_TREE, type ObjectTree, PUSH_MESSAGES, VALUE_RECORD } from './messages.ts';
import { always, many, maybe, message, messages, type Table } from './table.ts';

interface Everything {
  readonly u: bigint;
  readonly s: bigint;
  readonly b: boolean;
  readonly d: number;
  readonly t: string;
  readonly y: Uint8Array;
  readonly maybe?: bigint;
  readonly us: readonly bigint[];
  readonly ss: readonly bigint[];
  readonly bs: readonly boolean[];
  readonly ds: readonly number[];
  readonly ts: readonly string[];
  readonly ys: readonly Uint8Array[];
  readonly inner?: Everything;
  readonly inners: readonly Everything[];
}
const EVERYTHING: Table<Everything> = {
  u: always(1, 'uint64'),
  s: always(2, 'sint64'),
  b: always(3, 'bool'),
  d: always(4, 'double'),
  t: always(5, 'string'),
  y: always(6, 'bytes'),
  maybe: maybe(7, 'uint64'),
  us: many(8, 'uint64'),
  ss: many(9, 'sint64'),
  bs: many(10, 'bool'),
  ds: many(11, 'double'),
  ts: many(12, 'string'),
  ys: many(2047, 'bytes'),
  inner: message(2048, () => EVERYTHING),
  inners: messages(100_000, () => EVERYTHING),
};

const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
const s64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const level = (inner: fc.Arbitrary<Everything> | undefined): fc.Arbitrary<Everything> =>
  fc.record(
    {
      u: u64,
      s: s64,
      b: fc.boolean(),
      d: fc.double(),
      t: fc.string(),
      y: fc.uint8Array(),
      maybe: u64,
      us: fc.array(u64),
      ss: fc.array(s64),
      bs: fc.array(fc.boolean()),
      ds: fc.array(fc.double()),
      ts: fc.array(fc.string()),
      ys: fc.array(fc.uint8Array()),
      inners: inner ? fc.array(inner, { maxLength: 2 }) : fc.constant([]),
      ...(inner && { inner }),
    },
    { requiredKeys: ['u', 's', 'b', 'd', 't', 'y', 'us', 'ss', 'bs', 'ds', 'ts', 'ys', 'inners'] },
  ) as fc.Arbitrary<Everything>;

describe('proto3 by tables', () => {
  it('reads and writes what flwr writes, byte for byte', () => {
    for (const text of vectors.envelopes) {
      const envelope = decodeMessage('test', ENVELOPE, bytesOf(text));
      expect(envelope.metadata).toMatchObject({
        runId: 2n ** 63n + 5n,
        dstNodeId: 2n ** 64n - 1n,
        groupId: '4',
        ttl: 43_200,
      });
      expect(encodeMessage(ENVELOPE, envelope)).toEqual(bytesOf(text));
    }
    expect(decodeMessage('test', ENVELOPE, bytesOf(vectors.envelopes[1])).error).toEqual({ code: 2n, reason: 'why' });
    const push = decodeMessage('test', PUSH_MESSAGES.request, bytesOf(vectors.push));
    expect(push.runtimes).toEqual([0.5, 2]);
    expect(push.trees).toEqual([{ objectId: 'a', children: [{ objectId: 'b', children: [] }] }]);
    expect(encodeMessage(PUSH_MESSAGES.request, push)).toEqual(bytesOf(vectors.push));
  });

  it('gives back every message of every kind', () => {
    fc.assert(
      fc.property(level(level(level(undefined))), (value) => {
        const read = decodeMessage('test', EVERYTHING, encodeMessage(EVERYTHING, value));
        expect(read).toEqual(value);
      }),
    );
  });

  it('skips fields that it does not know, and takes packed and unpacked numbers alike', () => {
    const bytes = encodeMessage(EVERYTHING, { ...zero(), us: [1n, 300n], t: 'kept' });
    expect(decodeMessage('test', { t: always(5, 'string') } as Table<{ t: string }>, bytes)).toEqual({ t: 'kept' });
    const unpacked = Uint8Array.of(8 * 8, 1, 8 * 8, 0xac, 2);
    expect(decodeMessage('test', EVERYTHING, unpacked).us).toEqual([1n, 300n]);
  });

  it('bounds nesting and the number of messages', () => {
    let tree: ObjectTree = { objectId: '', children: [] };
    for (let depth = 0; depth < MAX_DEPTH; depth++) tree = { objectId: '', children: [tree] };
    expect(() => decodeMessage('test', OBJECT_TREE, encodeMessage(OBJECT_TREE, tree))).not.toThrow();
    const deeper = encodeMessage(OBJECT_TREE, { objectId: '', children: [tree] });
    expect(() => decodeMessage('test', OBJECT_TREE, deeper)).toThrow(/DECODE_FAILED|at most 16/);
    const many = new Uint8Array(2 * (MAX_MESSAGES + 1)).map((_, i) => (i % 2 === 0 ? 0x12 : 0));
    expect(() => decodeMessage('test', OBJECT_TREE, many)).toThrow(/at most 200000 messages/);
  });

  it('answers 20,000 mutations with a value or an error by name', () => {
    const seeds = [...vectors.envelopes, vectors.push].map(bytesOf);
    const items = [
      { key: 'a', value: { sint64s: { values: [1n, -1n] } } },
      { key: 'b', value: { double: 1 } },
    ];
    seeds.push(encodeMessage(VALUE_RECORD, { items }));
    const refused = refusedMutations(seeds, 20_000, (bytes) => {
      decodeMessage('test', ENVELOPE, bytes);
      decodeMessage('test', PUSH_MESSAGES.request, bytes);
      decodeMessage('test', VALUE_RECORD, bytes);
    });
    expect(refused).toBeGreaterThan(2000);
    expect(refused).toBeLessThan(20_000);
  });
});

function zero(): Everything {
  return {
    u: 0n,
    s: 0n,
    b: false,
    d: 0,
    t: '',
    y: new Uint8Array(0),
    us: [],
    ss: [],
    bs: [],
    ds: [],
    ts: [],
    ys: [],
    inners: [],
  };
}
