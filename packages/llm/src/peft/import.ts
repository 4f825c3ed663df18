/**
 * Adapters from PEFT's files.
 *
 * @module
 */
import { decodeSafetensors, FedkitError, type ModelFile } from '@fedkit/core';
import { describe } from '@fedkit/core/internal';
import type { Adaptation } from '../adapt/adaptation.ts';
import { ia3 } from '../adapt/ia3.ts';
import { lora } from '../adapt/lora.ts';
import type { Target } from '../adapt/targets.ts';
import type { LanguageBase } from '../model/base.ts';
import { LanguageModel } from '../model/language-model.ts';
import { BASE_DIGEST } from './export.ts';
import { hasOutputRows, PREFIX, reordered } from './names.ts';

/** A base under an adapter, and the adapter's values. */
export interface ImportedAdapter {
  readonly model: LanguageModel;
  /** Shape [model.layout.size]. */
  readonly params: Float32Array;
}

/**
 * Puts an adapter that PEFT saved, or {@link exportPeft} wrote, in front of a base. LoRA, rsLoRA, DoRA and (IA)³ are read;
 * rows of q and k are brought into the base's order.
 *
 * @param adapter.file - `adapter_model.safetensors`.
 * @param adapter.config - The parsed `adapter_config.json`.
 * @throws FedkitError `DECODE_FAILED`, naming the entry, for a kind of adapter or setting that is not computed here, tensors
 * that are missing, too many or of other shapes than the base's; `AUTHENTICATION_FAILED` if the file names another base.
 */
export function importPeft(
  base: LanguageBase,
  adapter: { readonly file: Uint8Array; readonly config: unknown },
): ImportedAdapter {
  const file = decodeSafetensors(adapter.file);
  const digest = file.metadata[BASE_DIGEST];
  if (digest !== undefined && digest !== base.digest()) {
    throw new FedkitError(
      'AUTHENTICATION_FAILED',
      `importPeft: expected an adapter for base ${base.digest()}, got one for ${describe(digest)}`,
    );
  }
  const model = new LanguageModel(base, adaptationOf(adapter.config));
  const params = new Float32Array(model.layout.size);
  const names = new Set<string>();
  for (const { name, shape } of model.layout.tensors) {
    const stored = PREFIX + name.replace('lora_magnitude_vector.weight', 'lora_magnitude_vector');
    names.add(stored);
    const { values, shape: own } = tensorOf(file, stored);
    if (own.join() !== shape.join()) malformed(`shape of ${stored}`, `[${shape.join(', ')}]`, `[${own.join(', ')}]`);
    const outputs = hasOutputRows(name) ? shape[0] : 0;
    model.layout.view(params, name).set(outputs > 0 ? reordered(base.shape, name, values, outputs, 'base') : values);
  }
  const unknown = file.layout.tensors.find(({ name }) => !names.has(name));
  if (unknown) malformed('tensors', 'none beside those that the configuration names', unknown.name);
  return { model, params };
}

function tensorOf({ layout, values }: ModelFile, name: string) {
  const tensor = layout.tensors.find((own) => own.name === name);
  if (tensor === undefined) malformed('tensors', name, undefined);
  return { shape: tensor.shape, values: layout.view(values, name) };
}

function adaptationOf(config: unknown): Adaptation {
  if (typeof config !== 'object' || config === null) malformed('config', 'an object', config);
  const entries = config as Readonly<Record<string, unknown>>;
  const only = (name: string, ...allowed: readonly unknown[]): void => {
    const value = entries[name] ?? undefined;
    if (value !== undefined && !allowed.includes(value)) malformed(name, allowed.map(String).join(' or '), value);
  };
  only('fan_in_fan_out', false);
  only('bias', 'none');
  const list = (name: string): string[] => {
    const value = entries[name];
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
      malformed(name, 'a list of names', value);
    return value;
  };
  const chosen = entries.layers_to_transform ?? undefined;
  const numbers = typeof chosen === 'number' ? [chosen] : chosen;
  if (numbers !== undefined && !Array.isArray(numbers)) malformed('layers_to_transform', 'numbers of blocks', chosen);
  const layers = numbers === undefined ? {} : { layers: (layer: number) => numbers.includes(layer) };
  try {
    if (entries.peft_type === 'IA3') {
      const expected = ['down_proj', 'k_proj', 'v_proj'];
      if (list('target_modules').sort().join() !== expected.join()) {
        malformed('target_modules', expected.join(', '), list('target_modules').join());
      }
      if (list('feedforward_modules').join() !== 'down_proj')
        malformed('feedforward_modules', 'down_proj', entries.feedforward_modules);
      return ia3(layers);
    }
    if (entries.peft_type !== 'LORA') malformed('peft_type', 'LORA or IA3', entries.peft_type);
    only('modules_to_save');
    for (const name of ['rank_pattern', 'alpha_pattern']) {
      const value = entries[name] ?? {};
      if (Object.keys(value as object).length > 0) malformed(name, 'one rank and α for all products', value);
    }
    return lora({
      rank: entries.r as number,
      alpha: entries.lora_alpha as number,
      rankStabilized: entries.use_rslora === true,
      decomposed: entries.use_dora === true,
      targets: list('target_modules') as Target[],
      ...layers,
    });
  } catch (cause) {
    if (cause instanceof FedkitError && cause.code !== 'DECODE_FAILED')
      malformed('config', 'an adapter', cause.message);
    throw cause;
  }
}

function malformed(where: string, expected: string, got: unknown): never {
  throw new FedkitError('DECODE_FAILED', `importPeft: ${where}: expected ${expected}, got ${describe(got)}`);
}
