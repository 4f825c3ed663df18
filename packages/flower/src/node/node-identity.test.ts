import { memoryStore, plainTrainer, type Store } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { FakeLink, No } from '../../test/fake-link.ts';
import type { FlowerNodeOptions } from './contract.ts';
import { flowerNode } from './flower-node.ts';
import { model, examples, local, start, train } from '../../test/node.ts';

describe('flowerNode: who it is', () => {
  it('stays online after a reply: a SuperLink drops replies of nodes that are gone', async () => {
    const link = new FakeLink();
    const { stop, ended } = start(link);
    await link.send('train', await train());
    stop();
    expect(await ended).toMatchObject({ code: 'ABORTED' });
    expect(link.calls).not.toContain('deactivate-node');
    expect(link.online).toBe(true);
  });

  it('goes on as the node that it was, by its id, since a node that is online cannot be activated', async () => {
    const link = new FakeLink();
    const store = memoryStore();
    const first = start(link, { store });
    await link.send('train', await train());
    first.stop();
    await first.ended;
    const before = link.calls.length;
    const second = start(link, { store });
    await link.send('train', await train());
    expect(link.calls.slice(before)).not.toContain('activate-node');
    expect(second.events[0]).toEqual({ kind: 'online', nodeId: 77n, resumed: true });
  });

  it('registers again where the SuperLink has lost its memory', async () => {
    const link = new FakeLink();
    const store = memoryStore();
    const first = start(link, { store });
    await first.until('online');
    first.stop();
    await first.ended;
    link.registered = link.online = false;
    const second = start(link, { store });
    await second.until('online');
    expect(second.events.map(({ kind }) => kind)).toEqual(['registered', 'online']);
  });

  it('has its id in the store before it is activated', async () => {
    const link = new FakeLink();
    const store = memoryStore();
    let stored: Uint8Array | undefined;
    const put = async (key: string, bytes: Uint8Array) => {
      if (!link.calls.includes('activate-node')) stored = bytes;
      return store.put(key, bytes);
    };
    const node = start(link, { store: { ...store, get: (key) => store.get(key), put } });
    await node.until('online');
    const reborn = memoryStore();
    await reborn.put('flower/node', stored as Uint8Array);
    node.stop();
    const second = start(link, { store: reborn });
    await link.send('train', await train());
    expect(second.events[0]).toEqual({ kind: 'online', nodeId: 77n, resumed: true });
  });

  it('needs no registration where an operator registered its key', async () => {
    const link = new FakeLink();
    link.registered = true;
    link.hook = (path) => {
      if (path === 'register-node') throw new No(412, 2001);
    };
    start(link);
    expect((await link.send('train', await train())).records).toBeDefined();
  });

  it('waits for a SuperLink that is not there yet, and for objects that are not', async () => {
    const link = new FakeLink();
    let refusals = 1;
    let unavailable = 1;
    const fetch: FlowerNodeOptions['fetch'] = async (url, init) => {
      if (refusals-- > 0) throw new TypeError('connection refused');
      if (url.endsWith('pull-object') && unavailable-- > 0) {
        return new Response(Uint8Array.of(8, 1), { headers: { 'content-type': 'application/protobuf' } });
      }
      return link.fetch(url, init);
    };
    const { events } = start(link, { fetch });
    expect((await link.send('train', await train())).records).toBeDefined();
    expect(events[0]).toMatchObject({ kind: 'retrying', error: { code: 'UNAVAILABLE' } });
  });

  it('survives its process at every step, and what it says counts once', async () => {
    // Kill it before and after each call and each write: the store keeps what was written, the link what it was told.
    let deaths = 0;
    for (let death = 0; ; death++) {
      const link = new FakeLink();
      const store = memoryStore();
      let steps = 0;
      let dead = false;
      const step = (): void => {
        if (dead || steps++ === death) {
          dead = true;
          throw new Error('killed');
        }
      };
      const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
        step();
        const result = await work();
        step();
        return result;
      };
      const mortal: Store = {
        get: (key) => store.get(key),
        put: (key, bytes) => guarded(() => store.put(key, bytes)),
        create: (key, bytes) => guarded(() => store.create(key, bytes)),
        delete: (key) => guarded(() => store.delete(key)),
        keys: (prefix) => store.keys(prefix),
      };
      const fetch: FlowerNodeOptions['fetch'] = (url, init) => guarded(() => link.fetch(url, init));
      let replies = 0;
      const replied = link.send('train', await train()).then((reply) => (replies++, reply));
      const controller = new AbortController();
      const first = flowerNode({
        url: 'http://127.0.0.1',
        trainer: plainTrainer(model, examples),
        local: () => local,
        pollInterval: 1,
        store: mortal,
        fetch,
        signal: controller.signal,
        onProgress: () => {},
      })
        .run()
        .catch(() => undefined);
      const killed = new Promise((resolve) => {
        const timer = setInterval(() => {
          if (!dead && replies === 0) return;
          clearInterval(timer);
          controller.abort();
          resolve(first);
        }, 1);
      });
      await killed;
      // Pulled and not yet written is the one moment that no store can cover: Flower's own loss.
      const lost =
        dead && !(await store.get('flower/message')) && replies === 0 && link.calls.includes('pull-messages');
      const second = start(link, { store });
      if (lost) await second.until('online');
      else expect((await replied).records).toBeDefined();
      second.stop();
      await second.ended;
      if (!dead) break;
      deaths += lost ? 1 : 0;
    }
    // After the call that pulls and before the write that keeps it.
    expect(deaths).toBeLessThanOrEqual(2);
  });

  it('pushes again where a session ran out, and lets go of what nobody waits for', async () => {
    const link = new FakeLink();
    let once = true;
    link.hook = (path, request: { sessionId?: string }) => {
      if (path === 'push-object' && once) {
        once = false;
        request.sessionId = 'another';
      }
    };
    const { events } = start(link);
    expect((await link.send('train', await train())).records).toBeDefined();
    link.hook = (path) => {
      if (path === 'push-messages') throw new No(403, 2008);
    };
    void link.send('train', await train());
    while (link.calls.filter((path) => path === 'push-messages').length < 3) await new Promise((r) => setTimeout(r, 1));
    link.hook = () => {};
    expect((await link.send('train', await train())).records).toBeDefined();
    // A SuperLink that refuses a reply says so by wanting none of it.
    link.hook = (path, request: { messages: { metadata: { replyToMessageId: string } }[] }) => {
      if (path === 'push-messages') request.messages[0].metadata.replyToMessageId = 'x';
    };
    void link.send('train', await train());
    while (!events.some(({ kind }) => kind === 'discarded')) await new Promise((r) => setTimeout(r, 1));
    link.hook = () => {};
    expect((await link.send('train', await train())).records).toBeDefined();
  });
});
