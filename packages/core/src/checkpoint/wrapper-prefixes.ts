/**
 * Names under which training wrappers file a model's tensors.
 *
 * @module
 */

const PREFIXES = ['module.', '_orig_mod.', '_module.', 'base_model.model.'];

/**
 * A tensor's name without the prefixes that wrappers put before it, however many of them: `module.` (PyTorch's
 * DataParallel and DistributedDataParallel), `_orig_mod.` (torch.compile), `_module.` (Opacus), `base_model.model.`
 * (PEFT). For the `rename` option of the readers.
 */
export function withoutWrapperPrefixes(name: string): string {
  const prefix = PREFIXES.find((candidate) => name.startsWith(candidate));
  return prefix === undefined ? name : withoutWrapperPrefixes(name.slice(prefix.length));
}
