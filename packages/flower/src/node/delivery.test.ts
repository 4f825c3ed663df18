import { memoryStore, plainTrainer, type Store } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { FakeLink, No } from '../../test/fake-link.ts';
import { examples, local, model, start, train } from '../../test/node.ts';
import type { FlowerNodeOptions } from './contract.ts';
import { flowerNode } from './flower-node.ts';

const count = (link: FakeLink, path: string) => link.calls.filter((called) => called === path).length;
const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

describe('flowerNode: the way of a reply', () => {
  // A ServerApp looks every three seconds: late here means after the reply is whole, eager the moment that it is announced.
  it.each([
    ['late', false],
    ['eager', true],
  ])(
    'survives its process at every step, and what it says counts once, for a ServerApp that looks %s',
    async (_, eager) => {
      // Kill it before and after each call and each write: the store keeps what was written, the link what it was told.
      let deaths = 0;
      for (let death = 0; ; death++) {
        const link = new FakeLink();
        link.eager = eager;
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
        let done = false;
        const replied = link.send('train', await train()).then((reply) => (replies++, reply));
        // Each life takes the same steps only where the message is there from the first.
        while (link.sent === 0) await pause();
        const controller = new AbortController();
        const first = flowerNode({
          url: 'http://127.0.0.1',
          trainer: plainTrainer(model, examples),
          local: () => local,
          pollInterval: 1,
          store: mortal,
          fetch,
          signal: controller.signal,
          // The last step of all: what it had is forgotten.
          onProgress: ({ kind }) => void (done ||= kind === 'replied'),
        })
          .run()
          .catch(() => undefined);
        const killed = new Promise((resolve) => {
          const timer = setInterval(() => {
            if (!dead && !done) return;
            clearInterval(timer);
            controller.abort();
            resolve(first);
          }, 1);
        });
        await killed;
        // Pulled and not yet written is the one moment that no store can cover: Flower's own loss.
        const lost = dead && !(await store.get('flower/message')) && replies === 0 && link.handedOut > 0;
        const second = start(link, { store });
        if (lost) await second.until('online');
        else expect((await replied).records).toBeDefined();
        second.stop();
        await second.ended;
        if (!dead) break;
        deaths += lost ? 1 : 0;
      }
      // After the call that pulls, and before the write that keeps it.
      expect(deaths).toBe(2);
    },
  );

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
    while (link.calls.filter((path) => path === 'push-messages').length < 3) await pause();
    link.hook = () => {};
    expect((await link.send('train', await train())).records).toBeDefined();
    // A SuperLink that refuses a reply says so by wanting none of it.
    link.hook = (path, request: { messages: { metadata: { replyToMessageId: string } }[] }) => {
      if (path === 'push-messages') request.messages[0].metadata.replyToMessageId = 'x';
    };
    void link.send('train', await train());
    while (events.filter(({ kind }) => kind === 'discarded').length < 2) await pause();
    link.hook = () => {};
    expect((await link.send('train', await train())).records).toBeDefined();
  });

  it('begins anew where a session ran out before anybody looked', async () => {
    const link = new FakeLink();
    link.hook = (path) => {
      if (path === 'push-object' && count(link, path) === 2) link.expire();
    };
    start(link);
    expect((await link.send('train', await train())).records).toBeDefined();
    expect(count(link, 'push-messages')).toBe(2);
  });

  it('lets go of a reply whose session ran out after the ServerApp had looked, and says so', async () => {
    const link = new FakeLink();
    link.eager = true;
    link.hook = (path) => {
      if (path === 'push-object' && count(link, path) === 2) link.expire();
    };
    const { events, until } = start(link);
    void link.send('train', await train());
    await until('discarded');
    expect(events.some(({ kind }) => kind === 'replied')).toBe(false);
    link.hook = () => {};
    expect((await link.send('train', await train())).records).toBeDefined();
  });

  it.each(['push-messages', 'push-object'])('delivers though the first answer of %s is lost', async (lost) => {
    const link = new FakeLink();
    link.eager = true;
    const fetch: FlowerNodeOptions['fetch'] = async (url, init) => {
      const response = await link.fetch(url, init);
      if (url.endsWith(lost) && count(link, lost) === 1) throw new TypeError('connection reset');
      return response;
    };
    const { until } = start(link, { fetch });
    expect((await link.send('train', await train())).records).toBeDefined();
    await until('replied');
  });

  it('tries an object again that the SuperLink could not store', async () => {
    const link = new FakeLink();
    link.eager = true;
    link.hook = (path, request: { content: Uint8Array }) => {
      // What its disk did to it.
      if (path === 'push-object' && count(link, path) <= 2) request.content = new Uint8Array(3);
    };
    const { until } = start(link);
    expect((await link.send('train', await train())).records).toBeDefined();
    await until('replied');
  });

  it('pushes what is left where it died in the middle', async () => {
    const link = new FakeLink();
    link.eager = true;
    const store = memoryStore();
    let dead = false;
    const fetch: FlowerNodeOptions['fetch'] = (url, init) => {
      dead ||= url.endsWith('push-object') && count(link, 'push-object') === 3;
      return dead ? Promise.reject(new TypeError('killed')) : link.fetch(url, init);
    };
    const first = start(link, { store, fetch });
    const replied = link.send('train', await train());
    await first.until('retrying');
    first.stop();
    await first.ended;
    expect(await store.get('flower/session')).toBeDefined();
    const pushed = link.pushed;
    const second = start(link, { store });
    expect((await replied).records).toBeDefined();
    await second.until('replied');
    expect(link.pushed).toBeGreaterThan(pushed);
    expect(await store.get('flower/session')).toBeUndefined();
  });
});
