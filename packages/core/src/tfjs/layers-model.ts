/**
 * A TensorFlow.js layers model as this adapter sees it: its weights by names that every copy of the model has.
 *
 * @module
 */
import { refuse } from '../check.ts';
import { Layout, type TensorRole, type TensorSpec } from '../model/layout.ts';
import type { Tensor, Tf, Variable } from './tf.ts';
import { readVariables, writeVariables } from './variables.ts';

/** One weight of a layer. */
export interface LayerWeight {
  readonly name: string;
  readonly originalName: string;
  /** The weight itself, a variable. */
  read(): Tensor;
}

/** A layer of `@tensorflow/tfjs-layers`. */
export interface ModelLayer {
  readonly name: string;
  readonly trainable: boolean;
  readonly weights: readonly LayerWeight[];
  getClassName(): string;
}

/** What is needed of a `tf.LayersModel`, built and with one output. */
export interface LayersModel {
  readonly layers: readonly ModelLayer[];
  readonly weights: readonly LayerWeight[];
  readonly trainableWeights: readonly LayerWeight[];
  readonly outputs: readonly { readonly shape: readonly (number | null)[]; readonly sourceLayer?: object }[];
  apply(inputs: Tensor | Tensor[], kwargs?: { readonly [name: string]: unknown }): unknown;
  calculateLosses(): Tensor[];
}

/** A weight under its stable name. */
export interface NamedWeight {
  readonly spec: TensorSpec;
  readonly variable: Variable;
}

/**
 * The layout of a layers model, in the order of its layers.
 *
 * Names are `<layer>/<weight>`. TensorFlow.js numbers layers without a name through a whole process (`dense_Dense7`), so that a second
 * copy of a model has other ones: those become `dense_1`, `dense_2`, … within their model. Trainable weights are `optimized`, moving
 * means and variances of batch normalization `averaged`, everything else `frozen`.
 *
 * @throws FedkitError `INVALID_ARGUMENT` for a model that is not built, or whose weights are not float32.
 */
export function layersLayout(model: LayersModel): Layout {
  return Layout.of(namedWeights(model).map(({ spec }) => spec));
}

/** A model's weights as the flat vector of {@link layersLayout}: the `initial` of a server. */
export function readLayersModel(model: LayersModel): Promise<Float32Array> {
  return readVariables(namedWeights(model).map(({ variable }) => variable));
}

/**
 * Writes a flat vector of {@link layersLayout} into a model: what `client.model()` gave, to predict with.
 *
 * @throws FedkitError `SHAPE_MISMATCH` if `values` has another length; the model is then untouched.
 */
export function writeLayersModel(tf: Pick<Tf, 'tensor' | 'tidy'>, model: LayersModel, values: Float32Array): void {
  writeVariables(
    tf,
    namedWeights(model).map(({ variable }) => variable),
    values,
  );
}

/** The weights of a model by stable names. */
export function namedWeights(model: LayersModel): NamedWeight[] {
  if (!Array.isArray(model?.layers) || !Array.isArray(model.weights) || model.weights.length === 0) {
    refuse('INVALID_ARGUMENT', 'layersTrainer: model', 'a tf.LayersModel that is built and has weights', model);
  }
  const trained = new Set(model.trainableWeights.map((weight) => weight.read()));
  const named = weightsOf('', model.layers, trained);
  const held = new Set(named.map(({ variable }) => variable as Tensor));
  if (held.size !== model.weights.length || model.weights.some((weight) => !held.has(weight.read()))) {
    refuse('INVALID_ARGUMENT', 'layersTrainer: model', 'weights that all belong to layers', `${model.weights.length}`);
  }
  return named;
}

function weightsOf(prefix: string, layers: readonly ModelLayer[], trained: ReadonlySet<Tensor>): NamedWeight[] {
  const counts = new Map<string, number>();
  return layers.flatMap((layer) => {
    const name = `${prefix}${stableName(layer, counts)}`;
    const inner = (layer as { layers?: unknown }).layers;
    if (Array.isArray(inner)) return weightsOf(`${name}/`, inner as ModelLayer[], trained);
    return weightsOfLayer(name, layer, trained);
  });
}

/** The name that was given, or the layer's kind and its number within the model. */
function stableName(layer: ModelLayer, counts: Map<string, number>): string {
  const kind = layer.getClassName();
  const generated = layer.name.startsWith(`${snake(kind)}_`) && /^\D*\d+$/.test(layer.name.slice(snake(kind).length));
  if (!generated) return layer.name;
  const count = (counts.get(kind) ?? 0) + 1;
  counts.set(kind, count);
  return `${snake(kind)}_${count}`;
}

const snake = (kind: string): string =>
  kind
    .replace(/(.)([A-Z][a-z0-9]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();

const MOVING = ['moving_mean', 'moving_variance'];

function weightsOfLayer(name: string, layer: ModelLayer, trained: ReadonlySet<Tensor>): NamedWeight[] {
  const seen = new Map<string, number>();
  const isNormalization = layer.getClassName() === 'BatchNormalization';
  return layer.weights.map((weight) => {
    const variable = weight.read() as Variable;
    if (variable.dtype !== 'float32') {
      refuse('INVALID_ARGUMENT', `layersTrainer: ${weight.originalName}`, 'a float32 weight', variable.dtype);
    }
    const own = weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1);
    const count = (seen.get(own) ?? 0) + 1;
    seen.set(own, count);
    const moves = isNormalization && layer.trainable && MOVING.includes(own);
    const role: TensorRole = trained.has(variable) ? 'optimized' : moves ? 'averaged' : 'frozen';
    const spec: TensorSpec = {
      // Both directions of a bidirectional layer call theirs alike.
      name: `${name}/${own}${count > 1 ? `_${count}` : ''}`,
      shape: [...variable.shape],
      ...(role !== 'optimized' && { role }),
      ...(moves && own === 'moving_variance' && { varianceOf: `${name}/moving_mean` }),
    };
    return { spec, variable };
  });
}

/** Layers that draw anew in every step and take a seed: all of them, nested ones too. */
export function seededLayers(layers: readonly ModelLayer[]): { seed?: number | undefined }[] {
  return layers.flatMap((layer) => {
    const { layers: inner, layer: wrapped } = layer as { layers?: ModelLayer[]; layer?: ModelLayer };
    if (inner) return seededLayers(inner);
    if (wrapped) return seededLayers([wrapped]);
    return /Dropout|Noise/.test(layer.getClassName()) ? [layer as { seed?: number }] : [];
  });
}
