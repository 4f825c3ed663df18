/**
 * Adapters as PEFT's files.
 *
 * @module
 */
import { encodeSafetensors, Layout } from '@fedkit/core';
import { checkOptions, type OptionNames, checkVector, refuse } from '@fedkit/core/internal';
import type { LanguageModel } from '../model/language-model.ts';
import { blockName, LINEARS } from '../model/tensors.ts';
import { hasOutputRows, PREFIX, reordered } from './names.ts';

/** An adapter as a folder of PEFT's has it. */
export interface PeftAdapter {
  /** `adapter_model.safetensors`. */
  readonly file: Uint8Array<ArrayBuffer>;
  /** `adapter_config.json`, as an object. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** The entry of a file's metadata that names the base. */
export const BASE_DIGEST = 'fedkit_base';

/**
 * A trained LoRA, rsLoRA, DoRA or (IA)³ adapter under PEFT's names, for `PeftModel.from_pretrained` over the same model in
 * Python. Rows of q and k are brought into the order of Hugging Face's checkpoints, which a GGUF base does not have. An
 * FFA-LoRA adapter is written with the A that everybody has.
 *
 * @param params - Shape [model.layout.size].
 * @param options.baseName - What PEFT writes as `base_model_name_or_path`; default empty.
 * @throws FedkitError `INVALID_ARGUMENT` for an adaptation that PEFT has no file for here, `SHAPE_MISMATCH` for parameters
 * of another length.
 */
export function exportPeft(
  model: LanguageModel,
  params: Float32Array,
  options: { readonly baseName?: string } = {},
): PeftAdapter {
  checkOptions('exportPeft', options, { baseName: true } satisfies OptionNames<typeof options>);
  checkVector('exportPeft: params', params, model.layout.size);
  const { adaptation, layout, shape, network } = model;
  if (adaptation.kind !== 'lora' && adaptation.kind !== 'ia3') {
    refuse('INVALID_ARGUMENT', 'exportPeft: model', 'LoRA, rsLoRA, DoRA, FFA-LoRA or (IA)³', adaptation.kind);
  }
  const parts = [
    ...layout.tensors.map((tensor) => ({ tensor, values: layout.view(params, tensor.name) })),
    ...network.fixed.tensors.map((tensor) => ({
      tensor,
      values: network.fixed.view(network.fixedValues, tensor.name),
    })),
  ];
  const file = Layout.of(
    // PEFT saves DoRA's vector without the name of the module that holds it.
    parts.map(({ tensor: { name, shape: own } }) => ({
      name: PREFIX + name.replace('lora_magnitude_vector.weight', 'lora_magnitude_vector'),
      shape: own,
    })),
  );
  const values = new Float32Array(file.size);
  parts.forEach(({ tensor, values: own }, i) => {
    const outputs = hasOutputRows(tensor.name) ? tensor.shape[0] : 0;
    const { offset } = file.tensors[i];
    values.set(outputs > 0 ? reordered(shape, tensor.name, own, outputs, 'checkpoint') : own, offset);
  });
  const metadata = { format: 'pt', [BASE_DIGEST]: model.base.digest() };
  return {
    file: encodeSafetensors({ layout: file, values, metadata }),
    config: configOf(model, options.baseName ?? ''),
  };
}

function configOf(model: LanguageModel, baseName: string): Record<string, unknown> {
  const { adaptation, shape } = model;
  const changed = Array.from({ length: shape.layers }, (_, layer) =>
    LINEARS.filter((name) =>
      model.layout.tensors.some((tensor) => tensor.name.startsWith(`${blockName(layer)}${name}.`)),
    ),
  );
  const targets = [...new Set(changed.flat())].map((name) => name.slice(name.indexOf('.') + 1));
  const layers = changed.flatMap((names, layer) => (names.length > 0 ? [layer] : []));
  const common = {
    base_model_name_or_path: baseName,
    task_type: 'CAUSAL_LM',
    target_modules: targets,
    inference_mode: true,
    ...(layers.length < shape.layers && { layers_to_transform: layers, layers_pattern: 'layers' }),
  };
  if (adaptation.kind === 'ia3') {
    // PEFT's (IA)³ names blocks by its targets alone.
    return {
      ...common,
      peft_type: 'IA3',
      feedforward_modules: ['down_proj'],
      fan_in_fan_out: false,
      ...(layers.length < shape.layers && {
        target_modules: `.*\\.layers\\.(${layers.join('|')})\\..*\\.(${targets.join('|')})`,
        feedforward_modules: `.*\\.layers\\.(${layers.join('|')})\\..*\\.down_proj`,
      }),
    };
  }
  const { rank, alpha, rankStabilized, decomposed } = adaptation.settings;
  return {
    ...common,
    peft_type: 'LORA',
    r: rank,
    lora_alpha: alpha,
    use_rslora: rankStabilized,
    use_dora: decomposed,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
  };
}
