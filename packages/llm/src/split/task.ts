/**
 * What both ends of a split model must agree on.
 *
 * @module
 */
import { utf8Encode } from '@fedkit/core/internal';
import { digestOf } from '../bytes.ts';
import type { ModelHalf } from './cut.ts';
import { codecNames, type SplitCodecs } from './values.ts';

/** 32 bytes over model, adaptation, cut, form, window length and codecs. */
export function taskOf({ model, form, side, network }: ModelHalf, length: number, codecs: SplitCodecs): Uint8Array {
  const { shape, layout, adaptation } = model;
  const entries = Object.entries(shape).sort(([a], [b]) => (a < b ? -1 : 1));
  const cut = side === 'device' ? network.part.to : network.part.from;
  const settings = JSON.stringify([entries, adaptation.kind, adaptation.settings, form, cut, length]);
  return digestOf(utf8Encode(`fedkit split 1\n${layout.digest()}\n${settings}\n${codecNames(codecs)}`));
}
