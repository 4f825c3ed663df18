/**
 * The network of the federation on TensorFlow.js and its WebAssembly backend.
 *
 * @module
 */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { Examples, Trainer } from '@fedkit/core';
import { mendTransposedMatMul, tfjsTrainer } from '@fedkit/core/tfjs';
import { DIGITS, model, PIXELS } from '../network.ts';

let variables: Promise<tf.Variable[]> | undefined;
let held: tf.Tensor[] = [];

async function prepare(): Promise<tf.Variable[]> {
  // So small a network gains nothing by threads.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths('/');
  if (!(await tf.setBackend('wasm'))) throw new Error('no WebAssembly backend');
  await tf.ready();
  mendTransposedMatMul(tf);
  return model.layout.tensors.map(({ name, shape }) => tf.variable(tf.zeros([...shape]), true, name));
}

/** A trainer on `examples`; those of the last one are given back. */
export async function tensorTrainer({ inputs, labels }: Examples): Promise<Trainer> {
  const own = await (variables ??= prepare());
  const [hidden, hiddenBias, output, outputBias] = own;
  tf.dispose(held);
  const digits = tf.tensor1d(Int32Array.from(labels), 'int32');
  const targets = tf.cast(tf.oneHot(digits, DIGITS), 'float32');
  digits.dispose();
  held = [tf.tensor2d(inputs, [labels.length, PIXELS]), targets];
  const loss = (x: tf.Tensor, y: tf.Tensor) => {
    const layer = tf.relu(tf.add(tf.matMul(x, hidden), hiddenBias));
    return tf.losses.softmaxCrossEntropy(y, tf.add(tf.matMul(layer, output), outputBias));
  };
  return tfjsTrainer(tf, { variables: own, loss: loss as never, data: held, layout: model.layout });
}
