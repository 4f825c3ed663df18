"""A second decoder of docs/wire-format.md, written from that page alone, in numpy.

Reads a file of golden vectors and the Lloyd-Max levels, decodes every message, and compares bit for bit.
"""

import ast
import hashlib
import json
import math
import struct
import sys
import zlib

import numpy as np

golden = json.load(open(sys.argv[1]))
source = open(sys.argv[2]).read()
start = source.index("= [", source.index("HALF_CENTROIDS")) + 2
HALF_LEVELS = ast.literal_eval(source[start : source.index("];", start) + 1])
SHARED, CLIENT = bytes.fromhex(golden["sharedSeed"]), bytes.fromhex(golden["clientSeed"])


class Rng:
    """xoshiro128** on a labelled seed."""

    def __init__(self, seed, label):
        state = digest((3, digest((2, seed))), (1, label.encode()))
        self.state = struct.unpack("<4I", state[:16])

    def uint32(self):
        a, b, c, d = self.state
        output = rotate(b * 5 & 0xFFFFFFFF, 7) * 9 & 0xFFFFFFFF
        shifted = b << 9 & 0xFFFFFFFF
        c, d = c ^ a, d ^ b
        b, a = b ^ c, a ^ d
        self.state = (a, b, c ^ shifted, rotate(d, 11))
        return output

    def uniform(self):
        return self.uint32() / 2**32

    def below(self, bound):
        draw = self.uint32()
        while draw >= 2**32 - 2**32 % bound:
            draw = self.uint32()
        return draw % bound


def digest(*parts):
    message = b"".join(struct.pack("<BI", kind, len(part)) + part for kind, part in parts)
    return hashlib.sha256(message).digest()


def rotate(word, bits):
    return (word << bits | word >> (32 - bits)) & 0xFFFFFFFF


class Reader:
    def __init__(self, data):
        self.data, self.next, self.held, self.fill = data, 0, 0, 0

    def take(self, count):
        assert self.next + count <= len(self.data)
        self.next += count
        return self.data[self.next - count : self.next]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]

    def u8(self):
        return self.number("B")

    def u32(self):
        return self.number("I")

    def f32(self):
        return self.number("f")

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.u8()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def bits(self, width):
        while self.fill < width:
            self.held |= self.u8() << self.fill
            self.fill += 8
        value = self.held & ((1 << width) - 1)
        self.held >>= width
        self.fill -= width
        return value

    def unary(self):
        count = 0
        while self.bits(1) == 0:
            count += 1
        return count

    def align(self):
        assert self.held == 0
        self.fill = 0

    def fields(self, count, width):
        values = [self.bits(width) for _ in range(count)]
        self.align()
        return values


def symbols(reader, n, width):
    form = reader.u8()
    if form == 0:
        return reader.fields(n, width)
    body = Reader(reader.take(reader.varint()))
    if form == 2:
        return Reader(zlib.decompress(body.data, -15)).fields(n, width)
    frequencies = []
    for _ in range(body.u8() + 1):
        length = body.unary()
        frequencies.append(2**length + body.bits(length) - 1)
    body.align()
    assert sum(frequencies) == 2**14
    owner = [s for s, frequency in enumerate(frequencies) for _ in range(frequency)]
    state, out = body.u32(), []
    for _ in range(n):
        slot = state % 2**14
        s = owner[slot]
        out.append(s)
        state = frequencies[s] * (state // 2**14) + slot - sum(frequencies[:s])
        if state < 2**16:
            state = state * 2**16 + body.number("H")
    assert state == 2**16 and body.next == len(body.data)
    return out


def gaps(reader, count):
    places, before, index = [], -1, 0
    for i in range(count):
        if i % 256 == 0 and reader.bits(1):
            index = reader.bits(7)
        m = index + 1 if index < 4 else (5 + index % 4) * 2 ** (index // 4 - 1)
        width = (m - 1).bit_length()
        cutoff = 2**width - m
        quotient, rest = reader.unary(), 0
        if width > 0:
            rest = reader.bits(width - 1)
            if rest >= cutoff:
                rest = 2 * rest + reader.bits(1) - cutoff
        before += quotient * m + rest + 1
        places.append(before)
    reader.align()
    return places


def support(reader, n):
    form, count = reader.u8(), reader.varint()
    if form == 0:
        return gaps(reader, count)
    if form == 1:
        left_out = set(gaps(reader, count))
        return [i for i in range(n) if i not in left_out]
    if form == 3:
        reader = Reader(zlib.decompress(reader.take(reader.varint()), -15))
    places = [i for i, bit in enumerate(reader.fields(n, 1)) if bit]
    assert len(places) == count
    return places


def padded(n):
    if n == 0 or n >= 64:
        return -(-n // 64) * 64
    return max(16, 1 << (n - 1).bit_length())


def tiles(n):
    left = padded(n)
    while left > 0:
        size = 2**14 if left >= 2**14 else 1 << (left.bit_length() - 1)
        yield size
        left -= size


def hadamard(x):
    h = 1
    while h < len(x):
        pairs = x.reshape(-1, 2, h)
        x = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], 1).reshape(-1)
        h *= 2
    return x


def signs(rng, n):
    words = [rng.uint32() for _ in range(-(-n // 32))]
    return np.float32([-1 if words[i // 32] >> i % 32 & 1 else 1 for i in range(n)])


def rotate_back(y, rng):
    e = len(y).bit_length() - 1
    first, second = signs(rng, len(y)), signs(rng, len(y))
    x = hadamard(hadamard(np.float32(y)) * second * np.float32(2.0 ** (e // 2 - e)))
    return x * first * np.float32(2.0 ** -(e // 2))


def check_fingerprint(reader):
    assert reader.u32() == Rng(SHARED, "fingerprint").uint32()


def float32s(reader, n):
    if reader.u8() == 0:
        return np.frombuffer(reader.take(4 * n), "<f4")
    tops, low = symbols(reader, n, 8), reader.take(3 * n)
    return np.frombuffer(b"".join(low[3 * i : 3 * i + 3] + bytes([tops[i]]) for i in range(n)), "<f4")


def uniform(reader, n):
    bits, low, high = reader.u8(), reader.f32(), reader.f32()
    step = (high - low) / (2**bits - 1)
    return [min(high, low + s * step) for s in symbols(reader, n, bits)]


def qsgd(reader, n):
    bits, bucket = reader.u8(), reader.varint()
    norms = [reader.f32() for _ in range(-(-n // bucket))]
    levels = 2 ** (bits - 1) - 1
    return [(s - levels) / levels * norms[i // bucket] for i, s in enumerate(symbols(reader, n, bits))]


def sign(reader, n):
    scale = reader.f32()
    return [-scale if bit else scale for bit in reader.fields(n, 1)]


def ternary(reader, n):
    scale = reader.f32()
    return [(s - 1) * scale + 0.0 for s in symbols(reader, n, 2)]


def natural(reader, n):
    negative, exponents = reader.fields(n, 1), symbols(reader, n, 8)
    return np.uint32([a << 31 | b << 23 for a, b in zip(negative, exponents)]).view(np.float32)


def codebook(reader, n):
    levels = [reader.f32() for _ in range(reader.varint())]
    return [levels[s] for s in symbols(reader, n, max(1, (len(levels) - 1).bit_length()))] if levels else []


def dithered(reader, n):
    check_fingerprint(reader)
    step, dither = reader.f32(), Rng(SHARED, "dither")
    if step == 0:
        return [0.0] * n
    values = []
    for s in symbols(reader, n, 8):
        z = s if s < 255 else 255 + reader.varint()
        k = z // 2 if z % 2 == 0 else -(z + 1) // 2
        values.append((k + 0.5 - dither.uniform()) * step)
    return values


def eden_tile(reader, n, bits, scale):
    nearest = lambda x: math.floor(x + 0.5)
    if bits < 1:
        runs = [(min(n, max(16, nearest(bits * n))), 1)]
    else:
        upper = nearest((bits - math.floor(bits)) * n)
        runs = [(upper, math.floor(bits) + 1), (n - upper, math.floor(bits))]
    values = []
    for count, width in runs:
        if count > 0:
            half = np.float32(HALF_LEVELS[width - 1])
            levels = np.concatenate([-half[::-1], half]).astype(np.float64) * scale
            values += [levels[code] for code in reader.fields(count, width)]
    return values + [0.0] * (n - len(values))


def eden(reader, n):
    check_fingerprint(reader)
    bits, rng, out = reader.f32(), Rng(SHARED, "rotation"), []
    for size in tiles(n):
        scale = reader.f32()
        values = eden_tile(reader, size, bits, scale) if scale > 0 else [0.0] * size
        rotated_back = rotate_back(values, rng)
        out.extend(rotated_back if scale > 0 else values)
    return out[:n]


def sparse(reader, n):
    places = support(reader, n)
    values = np.zeros(n, np.float32)
    values[places] = stage(reader, len(places))
    return values


def random_k(reader, n):
    check_fingerprint(reader)
    k, rng, taken = reader.varint(), Rng(SHARED, "random-k"), set()
    for top in range(n - k, n):
        draw = rng.below(top + 1)
        taken.add(top if draw in taken else draw)
    values = np.zeros(n, np.float32)
    values[sorted(taken)] = [float(value) * n / k for value in stage(reader, k)]
    return values


def rotated(reader, n):
    check_fingerprint(reader)
    turned, rng, out = stage(reader, padded(n)), Rng(SHARED, "rotation"), []
    for size in tiles(n):
        out.extend(rotate_back(turned[len(out) : len(out) + size], rng))
    return out[:n]


def common_range(reader, n):
    value_range, bound = reader.f32(), reader.varint()
    step = value_range / bound
    return [(i - bound) * step for i in reader.fields(n, bound.bit_length() + 1)]


def wrapped(reader, n):
    bits, spread, with_dither = reader.u8(), reader.f32(), reader.u8()
    step, half, dither = 12 * spread / 2**bits, 2 ** (bits - 1), Rng(CLIENT, "dither")
    shift = lambda: 0.5 - dither.uniform() if with_dither else 0
    return [((i - half + shift() + half) % 2**bits - half) * step for i in reader.fields(n, bits)]


def float16s(reader, n):
    exponent = reader.u8()
    return np.frombuffer(reader.take(2 * n), "<f2").astype(np.float64) * 2.0**exponent


KINDS = {
    1: float32s, 2: float16s, 3: uniform, 4: qsgd, 5: sign, 6: ternary, 7: natural, 8: codebook, 9: dithered, 10: eden,
    32: sparse, 33: random_k, 34: rotated, 48: common_range, 49: wrapped,
}  # fmt: skip


def stage(reader, n):
    """The values of a stage, each rounded to float32 once."""
    return np.asarray(KINDS[reader.u8()](reader, n)).astype(np.float32)


different = 0
for vector in golden["vectors"]:
    message = Reader(bytes.fromhex(vector["bytes"]))
    assert (message.u8(), message.u8()) == (0xFC, 1)
    decoded = stage(message, message.varint())
    assert message.next == len(message.data)
    if "".join(f"{word:08x}" for word in decoded.view(np.uint32)) != vector["decoded"]:
        different += 1
        print(f"{vector['codec']} of {vector['input']} differs")
print(f"{len(golden['vectors'])} golden vectors decoded by numpy {np.__version__}, {different} differ")
sys.exit(1 if different else 0)
