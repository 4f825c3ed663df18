/**
 * Merges of byte pairs, as the tokenizers' library asks for them.
 *
 * @module
 */

/**
 * Ranks of merges, kept under the merges as a file has them (`"left right"`) and found by what the library asks for: the JSON of
 * `[left, right]`. A vocabulary's merges are held once so, and not in three forms.
 */
export class MergeRanks extends Map<string, number> {
  override get(pair: string): number | undefined {
    return super.get((JSON.parse(pair) as string[]).join(' '));
  }
}
