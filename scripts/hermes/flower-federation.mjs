// Nodes of Flower that sign in plain JavaScript, against a fleet that runs beside them: React Native is a place for nodes, so what a
// fleet needs of its server (WebCrypto, streams, URLs) is lent to it here.
import './lend-text-encoder.js';
import { federatedServer, fedAvg, memoryStore, modelDigest, plainTrainer, plainUpdates, secureRng } from '@fedkit/core';
import { seededRng, softmaxRegression } from '@fedkit/core';
import { curveKeys, flowerFleet, flowerNode } from '@fedkit/flower';
import { p384 } from '@noble/curves/nist.js';
import { sha256 } from '@noble/hashes/sha2.js';

if (globalThis.lentTextEncoder) delete globalThis.TextEncoder;

const model = softmaxRegression({ inputs: 2, classes: 2 });
const ids = ['node 0', 'node 1', 'node 2'];
const buffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);

/** What a fleet asks of WebCrypto: to check signatures, and digests. */
const subtle = {
  importKey: async (_, spki) => spki.slice(-97),
  verify: async (_, point, signature, message) =>
    p384.verify(signature, sha256(message), point, { prehash: false, lowS: false }),
  digest: async (_, bytes) => buffer(sha256(new Uint8Array(bytes))),
};

class Answer {
  constructor(body, { status, headers }) {
    this.status = status;
    this.headers = { get: (name) => headers[name] ?? null };
    this.arrayBuffer = async () => buffer(body);
  }
}

class Address {
  constructor(url) {
    this.pathname = url.replace(/^https?:\/\/[^/]+/, '');
  }
  get hostname() {
    throw new Error('URL.hostname is not implemented');
  }
}

/** Lends `globals` until what it returns is called. */
function lend(globals) {
  const before = Object.entries(globals).map(([name, value]) => {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    return [name, descriptor];
  });
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) delete globalThis[name];
      else Object.defineProperty(globalThis, name, descriptor);
    }
  };
}

/** What became of the rounds, the model's digest, its largest magnitude. */
export async function flowerFederation() {
  const { crypto } = globalThis;
  const getRandomValues = (view) => crypto.getRandomValues(view);
  const giveBack = lend({ crypto: { subtle, getRandomValues }, Response: Answer, URL: Address });
  try {
    return await federate();
  } finally {
    giveBack();
  }
}

async function federate() {
  const pipeline = plainUpdates({ algorithm: fedAvg(), layout: model.layout });
  const server = await federatedServer({
    pipeline,
    initial: new Float32Array(model.layout.size),
    cohort: ids.length,
    rounds: 2,
    retryAfter: 5,
    deadlines: { recruiting: 60_000, reporting: 60_000, stage: 60_000 },
    store: memoryStore(),
    clock: Date.now,
    rng: secureRng(),
  });
  const fleet = await flowerFleet(server, {
    pipeline,
    app: { bytes: new Uint8Array(0), id: 'fedkit/hermes', version: '1.0.0' },
    selfRegistration: true,
  });
  const fetch = (url, { method, headers, body }) => {
    const get = (name) => headers[name] ?? null;
    return fleet({ url, method, headers: { get }, arrayBuffer: async () => buffer(body) });
  };
  const stop = new AbortController();
  const failures = [];
  const nodes = ids.map((id, i) => {
    const rng = seededRng(id);
    const inputs = Float32Array.from({ length: 8 }, () => rng.uniform());
    return flowerNode({
      url: 'http://127.0.0.1:9092',
      trainer: plainTrainer(model, { inputs, labels: Uint8Array.of(0, 1, i % 2, 1) }),
      local: () => ({ epochs: 2, batchSize: 'all', learningRate: 0.5 }),
      store: memoryStore(),
      keys: curveKeys(p384, sha256),
      fetch,
      pollInterval: 5,
      signal: stop.signal,
      onProgress: (event) => {
        if (event.kind === 'failed') failures.push(event.error);
      },
    })
      .run()
      .catch((error) => {
        if (error.code !== 'ABORTED') failures.push(error);
      });
  });
  while (server.progress.phase !== 'finished') {
    if (failures.length > 0) throw failures[0];
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  stop.abort();
  await Promise.all(nodes);
  const outcomes = (await server.records()).map(({ outcome }) => outcome);
  const { params } = server;
  return { outcomes, digest: modelDigest(model.layout, params), largest: Math.max(...Array.from(params, Math.abs)) };
}
