import { expect, it } from 'vitest';
import { crc32c, eventFile } from './tf-record.ts';

// tensorboardX 2.6.4 with protobuf 7.36.2: its RecordWriter given these Event messages.
const VECTOR =
  '1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c1e00000000000000d9dc123209000000000000f03f10012a110a0f0a086163637572616379150000803e5a77ee5e1f00000000000000514b4418090000000000c0724010ac022a110a0f0a086163637572616379150000603fe4d66346200000000000000029eda95009000000000000024010f0a2042a110a0f0a0862797465732f7570150020f147b960cd011a00000000000000129bd82d090000000065cdcd4110012a0d0a0b0a046c6f737315cdccccbd1efffe7f';

it("writes the bytes of TensorBoard's own writer", () => {
  const file = eventFile(1.5, [
    { tag: 'accuracy', step: 1, value: 0.25, time: 1 },
    { tag: 'accuracy', step: 300, value: 0.875, time: 300 },
    { tag: 'bytes/up', step: 70_000, value: 123_456, time: 2.25 },
    { tag: 'loss', step: 1, value: -0.1, time: 1e9 },
  ]);
  expect(Array.from(file, (byte) => byte.toString(16).padStart(2, '0')).join('')).toBe(VECTOR);
});

it('checks sums as RFC 3720, appendix B.4', () => {
  expect(crc32c(new Uint8Array(32)).toString(16)).toBe('8a9136aa');
  expect(crc32c(new Uint8Array(32).fill(255)).toString(16)).toBe('62a8ab43');
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)).toString(16)).toBe('46dd794e');
});
