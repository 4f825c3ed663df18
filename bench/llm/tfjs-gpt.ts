// The same GPT in TensorFlow.js on its WebAssembly backend, with the transposed product mended, and without what that backend lacks a kernel
// or a gradient for: embeddings are products with ones and zeros, the causal mask is added.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { mendTransposedMatMul } from '@fedkit/core/tfjs';
import { registerGradients } from '@fedkit/core/tfjs/node';
import type { Gpt, GptStep } from './gpt.ts';

/** A step of TensorFlow.js from these parameters. Its Adam has no weight decay, which is a little less work than AdamW. */
export async function tfjsStep(gpt: Gpt): Promise<GptStep> {
  await registerGradients();
  await tf.setBackend('wasm');
  mendTransposedMatMul(tf);
  const { width, layers, heads, vocabulary, batch, length, learningRate } = gpt;
  const own = Object.fromEntries(
    gpt.tensors.map(({ name, shape, values }) => [name, tf.variable(tf.tensor(values.slice(), [...shape]))] as const),
  );
  const oneHot = (ids: Int32Array) => tf.keep(tf.cast(tf.oneHot(tf.tensor1d(ids, 'int32'), vocabulary), 'float32'));
  const [inputs, targets] = [oneHot(gpt.inputs) as tf.Tensor2D, oneHot(gpt.targets) as tf.Tensor2D];
  const blocked = Float32Array.from({ length: length ** 2 }, (_, i) =>
    i % length > Math.floor(i / length) ? -1e9 : 0,
  );
  const mask = tf.tensor2d(blocked, [length, length]);

  const norm = (x: tf.Tensor, name: string): tf.Tensor2D => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const scaled = tf.mul(centred, tf.rsqrt(tf.add(variance, 1e-5)));
    return tf.add(tf.mul(scaled, own[`${name}.weight`]), own[`${name}.bias`]);
  };
  const dense = (x: tf.Tensor, name: string): tf.Tensor2D =>
    tf.add(tf.matMul(x as tf.Tensor2D, own[`${name}.weight`] as tf.Tensor2D, false, true), own[`${name}.bias`]);
  const gelu = (x: tf.Tensor): tf.Tensor => {
    const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))));
    return tf.mul(tf.mul(0.5, x), tf.add(1, tf.tanh(inner)));
  };
  const split = (x: tf.Tensor): tf.Tensor4D =>
    tf.transpose(tf.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
  const loss = (): tf.Scalar => {
    const words = tf.matMul(inputs, own['model.embed_tokens.weight'] as tf.Tensor2D);
    let x: tf.Tensor = tf.reshape(
      tf.add(tf.reshape(words, [batch, length, width]), own['model.embed_positions.weight']),
      [batch * length, width],
    );
    for (let layer = 0; layer < layers; layer++) {
      const at = `model.layers.${layer}`;
      const y = norm(x, `${at}.input_layernorm`);
      const [q, k, v] = ['q', 'k', 'v'].map((part) => split(dense(y, `${at}.self_attn.${part}_proj`)));
      const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width / heads));
      const seen = tf.matMul(tf.softmax(tf.add(scores, mask)) as tf.Tensor4D, v);
      const flat = tf.reshape(tf.transpose(seen, [0, 2, 1, 3]), [batch * length, width]);
      x = tf.add(x, dense(flat, `${at}.self_attn.o_proj`));
      const z = norm(x, `${at}.post_attention_layernorm`);
      x = tf.add(x, dense(gelu(dense(z, `${at}.mlp.up_proj`)), `${at}.mlp.down_proj`));
    }
    const logits = tf.matMul(norm(x, 'model.norm'), own['model.embed_tokens.weight'] as tf.Tensor2D, false, true);
    return tf.losses.softmaxCrossEntropy(targets, logits);
  };
  const optimizer = tf.train.adam(learningRate);
  const variables = Object.values(own);
  return async () => {
    const value = optimizer.minimize(loss, true, variables) as tf.Scalar;
    const [found] = await value.data();
    value.dispose();
    return found;
  };
}
