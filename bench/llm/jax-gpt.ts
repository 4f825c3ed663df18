// The same GPT in jax-js on its WebAssembly backend: one jitted function of a whole step, with the gradients by its autodiff and AdamW
// written out. The package is installed outside of the tree: nothing else here needs it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Gpt, GptStep } from './gpt.ts';

export const VERSION = '0.1.25';
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fedkit', `jax-js-${VERSION}`);

// oxlint-disable-next-line typescript/no-explicit-any -- the package is no dependency, and brings no types here
type Any = any;

/** The module, from npm where this machine does not have it yet. */
async function load(): Promise<Any> {
  const file = join(folder, 'node_modules/@jax-js/jax/dist/index.js');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const words = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, `@jax-js/jax@${VERSION}`];
    execFileSync('npm', words, { stdio: 'inherit' });
  }
  // Node 20 has no navigator, and the package reads its `userAgent`.
  if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: { userAgent: 'node' } });
  const jax = await import(pathToFileURL(file).href);
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  return jax;
}

/** The loss of a GPT whose parameters come by name. Every use of an array but its last takes a `ref` of it. */
function lossOf(jax: Any, { width, layers, heads, vocabulary, batch, length }: Gpt) {
  const { numpy: np, nn } = jax;
  const norm = (x: Any, p: Any, name: string) =>
    nn.standardize(x, -1, { epsilon: 1e-5 }).mul(p[`${name}.weight`].ref).add(p[`${name}.bias`].ref);
  const dense = (x: Any, p: Any, name: string) =>
    np.matmul(x, p[`${name}.weight`].ref.transpose()).add(p[`${name}.bias`].ref);
  const split = (x: Any) => x.reshape([batch, length, heads, width / heads]).transpose([0, 2, 1, 3]);
  return (p: Any, inputs: Any, targets: Any, mask: Any): Any => {
    // A product with ones and zeros: the gradient of `take` is slower here.
    let x = np.matmul(inputs, p['model.embed_tokens.weight'].ref).reshape([batch, length, width]);
    x = x.add(p['model.embed_positions.weight'].ref).reshape([batch * length, width]);
    for (let layer = 0; layer < layers; layer++) {
      const at = `model.layers.${layer}`;
      const y = norm(x.ref, p, `${at}.input_layernorm`);
      const q = split(dense(y.ref, p, `${at}.self_attn.q_proj`));
      const k = split(dense(y.ref, p, `${at}.self_attn.k_proj`));
      const v = split(dense(y, p, `${at}.self_attn.v_proj`));
      const scores = np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(width / heads));
      const seen = np.matmul(nn.softmax(scores.add(mask.ref), -1), v);
      const flat = seen.transpose([0, 2, 1, 3]).reshape([batch * length, width]);
      x = x.add(dense(flat, p, `${at}.self_attn.o_proj`));
      const z = norm(x.ref, p, `${at}.post_attention_layernorm`);
      x = x.add(dense(nn.gelu(dense(z, p, `${at}.mlp.up_proj`)), p, `${at}.mlp.down_proj`));
    }
    mask.dispose();
    const logits = np.matmul(norm(x, p, 'model.norm'), p['model.embed_tokens.weight'].ref.transpose());
    for (const value of Object.values(p) as Any[]) value.dispose();
    return nn
      .logSoftmax(logits.reshape([batch * length, vocabulary]), -1)
      .mul(targets)
      .sum()
      .mul(-1 / (batch * length));
  };
}

/** A step of jax-js from these parameters. */
export async function jaxStep(gpt: Gpt): Promise<GptStep> {
  const jax = await load();
  const { numpy: np } = jax;
  const { batch, length, vocabulary, learningRate } = gpt;
  const loss = jax.valueAndGrad(lossOf(jax, gpt));
  const names = gpt.tensors.map(({ name }) => name);
  const step = jax.jit((p: Any, m: Any, v: Any, scale: Any, inputs: Any, targets: Any, mask: Any) => {
    const [value, gradient] = loss(Object.fromEntries(names.map((name) => [name, p[name].ref])), inputs, targets, mask);
    const [nextP, nextM, nextV]: Any[] = [{}, {}, {}];
    for (const name of names) {
      const g = gradient[name];
      nextM[name] = m[name].mul(0.9).add(g.ref.mul(0.1));
      nextV[name] = v[name].mul(0.999).add(g.ref.mul(g).mul(0.001));
      // Biases of the moments are in the two scales; the decay is AdamW's.
      const [a, b] = [scale.ref.slice(0), scale.ref.slice(1)];
      const by = nextM[name].ref.mul(a).div(np.sqrt(nextV[name].ref.mul(b)).add(1e-8));
      nextP[name] = p[name].mul(1 - learningRate * 0.01).sub(by.mul(learningRate));
    }
    scale.dispose();
    return [value, nextP, nextM, nextV];
  });
  const oneHot = (ids: ArrayLike<number>) => {
    const values = new Float32Array(batch * length * vocabulary);
    for (let i = 0; i < batch * length; i++) values[i * vocabulary + ids[i]] = 1;
    return np.array(values).reshape([batch * length, vocabulary]);
  };
  const [inputs, targets] = [oneHot(gpt.inputs), oneHot(gpt.targets)];
  const blocked = Float32Array.from({ length: length ** 2 }, (_, i) =>
    i % length > Math.floor(i / length) ? -1e9 : 0,
  );
  const mask = np.array(blocked).reshape([length, length]);
  const tree = (of: (values: Float32Array) => Float32Array) =>
    Object.fromEntries(
      gpt.tensors.map(({ name, shape, values }) => [name, np.array(of(values)).reshape([...shape])] as const),
    );
  let p = tree((values) => values.slice());
  let [m, v] = [tree((values) => new Float32Array(values.length)), tree((values) => new Float32Array(values.length))];
  let count = 0;
  return async () => {
    count++;
    const scale = np.array(new Float32Array([1 / (1 - 0.9 ** count), 1 / (1 - 0.999 ** count)]));
    const [value, ...next] = step(p, m, v, scale, inputs.ref, targets.ref, mask.ref);
    [p, m, v] = next;
    await jax.blockUntilReady(next);
    return (await value.data())[0];
  };
}
