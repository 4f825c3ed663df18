// Upload over the clear 16-bit input, from real messages: advertised keys, dealt shares, the packed input, released
// shares. Masks are not expanded for this: they change no length.
// pnpm bench secagg expansion
import { roundConfig, roundConfigDigest } from '@fedkit/secagg';
import { encodeAdvertise } from '../../packages/secagg/src/messages/advertise.ts';
import { encodeMaskedInput } from '../../packages/secagg/src/messages/masked-input.ts';
import { dealtBytes, encodeShareKeys } from '../../packages/secagg/src/messages/share-keys.ts';
import { encodeUnmaskResponse } from '../../packages/secagg/src/messages/unmask-response.ts';
import { SHARE_BYTES } from '@fedkit/secagg/shamir';
import { packWords } from '../../packages/secagg/src/sum/pack.ts';
import { table, writeResults } from '../shared/measure.ts';

const results = [];
for (const [clients, entries, goal] of [
  [2 ** 10, 2 ** 20, 1.73],
  [2 ** 14, 2 ** 24, 1.98],
] as const) {
  const config = roundConfig({
    clients,
    vectors: { update: { length: entries, bound: 32_767 } },
    graph: 'complete',
    corruptFraction: 0.1,
    dropoutFraction: 0.3,
    mode: 'semi-honest',
  });
  const key = new Uint8Array(32);
  const id = new TextEncoder().encode(`client-${clients}`);
  const pairs = Array.from({ length: clients - 1 }, () => new Uint8Array(dealtBytes(config)));
  const shares = Array.from({ length: clients }, () => new Uint8Array(SHARE_BYTES));
  const packed = packWords(new Uint32Array(entries), entries, config.vectors[0].bits);
  const messages = [
    encodeAdvertise(config, roundConfigDigest(config), { index: 0, id, channelKey: key, maskKey: key }),
    encodeShareKeys(config, 0, key, pairs),
    encodeMaskedInput(config, 0, (_, into) => into.set(packed)),
    encodeUnmaskResponse(config, 0, { request: key, shares }),
  ];
  const bytes = messages.reduce((sum, message) => sum + message.length, 0);
  results.push({ clients, entries, bits: config.vectors[0].bits, bytes, expansion: bytes / (2 * entries), goal });
}
console.log(
  table(
    ['clients', 'entries', 'bits', 'bytes up', 'expansion', 'goal'],
    results.map((row) => [
      `${row.clients}`,
      `${row.entries}`,
      `${row.bits}`,
      `${row.bytes}`,
      row.expansion.toFixed(4),
      `≤ ${row.goal}`,
    ]),
  ),
);
writeResults('secagg-expansion', results);
