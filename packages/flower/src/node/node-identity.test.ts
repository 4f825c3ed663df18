import { memoryStore, plainTrainer } from '@fedkit/core';
import { describe, expect, it } from 'vitest';
import { FakeLink, No } from '../../test/fake-link.ts';
import type { FlowerNodeOptions } from './contract.ts';
import { examples, local, model, start, train } from '../../test/node.ts';
import { pemOf, spkiOfOpenSsh } from '../key/der.ts';
import { flowerNode } from './flower-node.ts';

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

  it('says by which key it will come, before it has been anywhere', async () => {
    const link = new FakeLink();
    let pem = '';
    const fetch: FlowerNodeOptions['fetch'] = (url, init) => {
      pem = atob((init.headers as Record<string, string>)['flwr-public-key']);
      return link.fetch(url, init);
    };
    const store = memoryStore();
    const trainer = plainTrainer(model, examples);
    const node = flowerNode({ url: 'http://127.0.0.1', trainer, local: () => local, store, fetch });
    const [first, second] = [node.publicKey(), node.publicKey()];
    await expect(second).rejects.toMatchObject({ code: 'PROTOCOL_STATE' });
    const line = await first;
    expect(link.calls).toEqual([]);
    expect(await node.publicKey()).toBe(line);
    const { until } = start(link, { store, fetch });
    await until('online');
    expect(pem).toBe(new TextDecoder().decode(pemOf(spkiOfOpenSsh(line))));
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
});
