export { type Conv2dOptions, type ConvolutionOps, trainableConv2d } from './conv2d.ts';
export type { BatchSource } from './batch-source.ts';
export {
  layersLayout,
  readLayersModel,
  writeLayersModel,
  type LayersModel,
  type LayerWeight,
  type ModelLayer,
} from './layers-model.ts';
export type { ClassWeights, IgnoredPositions, LayersLoss, LayersTf } from './layers-loss.ts';
export { layersTrainer, type LayersTrainerOptions } from './layers-trainer.ts';
export { type KernelRegistry, mendTransposedMatMul } from './mend-transposed-mat-mul.ts';
export type { Tensor, Tf, Variable } from './tf.ts';
export { tfjsTrainer, type TfjsTrainerOptions } from './trainer.ts';
export type { LocalOptimizer } from './variables-trainer.ts';
export { readVariables, variablesLayout, writeVariables } from './variables.ts';
