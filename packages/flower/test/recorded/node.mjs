// A node of ours whose every byte follows from what it is told: a fixed key, a clock that stands still between calls. Recorded once
// against a real SuperLink (`pnpm bench flower record`), it says the same again on every engine. Plain JavaScript on the packages'
// names, so that every engine and bundler runs this very file.

/** No secret: the key of the recorded node. */
const SECRET = Uint8Array.from({ length: 48 }, (_, i) => i + 1);

/** Starts the node. The clock shows what `at` says. @returns What ends it. */
export function startNode({ core, flower, p384, sha256 }, { url, fetch, at, pollInterval, onProgress }) {
  const [now, monotonic] = [Date, performance].map((clock) => Reflect.get(clock, 'now'));
  Date.now = at;
  performance.now = at;
  const model = core.softmaxRegression({ inputs: 2, classes: 2 });
  const examples = {
    inputs: Float32Array.of(4, 3, 1, 5, 2, 3, 6, 1, 3, 7, 5, 2),
    labels: Uint8Array.of(0, 1, 1, 0, 1, 0),
  };
  const keys = flower.curveKeys(p384, sha256);
  const controller = new AbortController();
  const rng = core.seededRng('recorded');
  const running = flower
    .flowerNode({
      url,
      keys: { restore: keys.restore, generate: () => keys.restore(SECRET) },
      trainer: core.plainTrainer(model, examples),
      local: ({ config }) => ({ steps: 2, batchSize: 'all', learningRate: Number(config.lr) }),
      evaluate: (params) => ({
        examples: examples.labels.length,
        metrics: { eval_acc: model.evaluate(params, examples).accuracy },
      }),
      store: core.memoryStore(),
      // Longer than a recording: no beat of the heart comes in between.
      heartbeatInterval: 1800,
      pollInterval,
      fetch,
      rng,
      signal: controller.signal,
      onProgress,
    })
    .run();
  const ended = running
    .catch((error) => error)
    .then((error) => {
      Date.now = now;
      performance.now = monotonic;
      return error;
    });
  return { ended, stop: () => controller.abort() };
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const bytesOf = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** A call as it is recorded. */
export const recorded = (url, init, status, answer, at) => ({
  path: url.slice(url.lastIndexOf('/') + 1),
  signature: init.headers['flwr-signature'],
  request: hex(init.body),
  status,
  answer: hex(answer),
  at,
});

/**
 * Plays the SuperLink of a recording to a node on this engine.
 *
 * @returns How many calls the recording has, how many of the node's were the same from the first on, signatures among them, and
 * what it said of itself.
 */
export async function replayNode(parts, { from, calls }) {
  const events = [];
  let same = 0;
  let at = from;
  const fetch = async (url, init) => {
    const call = calls[same];
    if (call === undefined) {
      node.stop();
      throw new TypeError('the recording is over');
    }
    const said = JSON.stringify(recorded(url, init, call.status, bytesOf(call.answer), call.at));
    if (said !== JSON.stringify(call)) {
      node.stop();
      throw new TypeError(`call ${same} is not what was recorded`);
    }
    same++;
    at = call.at;
    const bytes = bytesOf(call.answer);
    return { status: call.status, headers: { get: () => null }, arrayBuffer: async () => bytes.buffer };
  };
  const node = startNode(parts, {
    url: 'http://127.0.0.1:8000',
    fetch,
    at: () => at,
    pollInterval: 1,
    onProgress: ({ kind, error }) => events.push(error === undefined ? kind : `${kind} ${error.message}`),
  });
  await node.ended;
  return { calls: calls.length, same, events };
}
