/**
 * The Harary graph of a round: clients on a ring in an order nobody chose, each joined to the k/2 before and the k/2
 * after it (Bell et al., CCS 2020, section 3.2).
 *
 * @module
 */
import { chacha20 } from '@noble/ciphers/chacha.js';

const ZERO_NONCE = new Uint8Array(12);
const BLOCK = 4096;

/**
 * The order of the clients on the ring: a Fisher-Yates shuffle of 0 … clients − 1 driven by the ChaCha20 keystream of
 * the joint seed, read as little-endian 32-bit words, each bound met by rejection.
 *
 * For i = 0, 1, …: draw j in [i, clients) and exchange places i and j.
 *
 * @param seed - 32 bytes.
 * @complexity O(clients).
 */
export function ringOrder(seed: Uint8Array, clients: number): Uint32Array {
  const order = Uint32Array.from({ length: clients }, (_, i) => i);
  const next = keystreamWords(seed);
  for (let i = 0; i < clients - 1; i++) {
    const bound = clients - i;
    const limit = 0x100000000 - (0x100000000 % bound);
    let draw = next();
    while (draw >= limit) draw = next();
    const j = i + (draw % bound);
    const held = order[i];
    order[i] = order[j];
    order[j] = held;
  }
  return order;
}

/** The neighbours of `index` on the ring, ascending, `degree` of them, never `index` itself. */
export function hararyNeighbours(order: Uint32Array, index: number, degree: number): Uint32Array {
  const place = order.indexOf(index);
  const neighbours = new Uint32Array(degree);
  for (let step = 1; step <= degree / 2; step++) {
    neighbours[2 * step - 2] = order[(place + step) % order.length];
    neighbours[2 * step - 1] = order[(place - step + order.length) % order.length];
  }
  return neighbours.sort();
}

function keystreamWords(key: Uint8Array): () => number {
  let words = new DataView(new ArrayBuffer(0));
  let at = 0;
  let block = 0;
  return () => {
    if (at === words.byteLength) {
      words = new DataView(chacha20(key, ZERO_NONCE, new Uint8Array(BLOCK), undefined, block).buffer);
      block += BLOCK / 64;
      at = 0;
    }
    at += 4;
    return words.getUint32(at - 4, true);
  };
}
