export { type Conv2dOptions, type ConvolutionOps, trainableConv2d } from './conv2d.ts';
export type { BatchSource } from './batch-source.ts';
export { type KernelRegistry, mendTransposedMatMul } from './mend-transposed-mat-mul.ts';
export type { Tensor, Tf, Variable } from './tf.ts';
export { tfjsTrainer, type TfjsTrainerOptions } from './trainer.ts';
export { readVariables, variablesLayout, writeVariables } from './variables.ts';
