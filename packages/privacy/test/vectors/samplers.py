"""Distribution functions of the samplers, to 96 bits, with mpmath. Writes samplers.json.

Run: python3 samplers.py > samplers.json   (mpmath 1.4.1)
"""
import json
import mpmath
from mpmath import mp, mpf

mp.prec = 400


def cumulative(weight):
    """floor(2^96 F_j) over the outcomes 0, -1, 1, -2, 2, ..., up to F_j > 1 - 2^-80."""
    weights = [weight(0)]
    while weights[-1] > mpf(2) ** -300:
        weights.append(weight(len(weights)))
    total = weights[0] + 2 * sum(weights[1:])
    below, rows = mpf(0), []
    for j in range(2 * len(weights) - 1):
        below += weights[(j + 1) // 2]
        if below / total > 1 - mpf(2) ** -80:
            break
        rows.append(str(int(mpmath.floor(below / total * mpf(2) ** 96))))
    return rows


rows = []
for variance in (0.09, 0.25, 1.0, 2.25, 10.0, 100.0):
    v = mpf(variance)
    rows.append({"kind": "gaussian", "parameter": variance, "cumulative": cumulative(lambda k: mpmath.exp(-mpf(k) ** 2 / (2 * v)))})
for scale in (0.3, 1.0):
    t = mpf(scale)
    rows.append({"kind": "laplace", "parameter": scale, "cumulative": cumulative(lambda k: mpmath.exp(-mpf(k) / t))})
for variance in (0.1, 1.0, 10.0, 100.0):
    v = mpf(variance)
    rows.append({"kind": "skellam", "parameter": variance, "cumulative": cumulative(lambda k: mpmath.besseli(k, v))})
kept = []
for variance, offset in ((1e4, 1), (1e4, 3), (1e8, 511), (1e8, 1), (2.0**60, 12345678)):
    kept.append({"variance": variance, "offset": offset, "keep": str(int(mpmath.floor(mpmath.exp(-mpf(offset) ** 2 / (2 * mpf(variance))) * mpf(2) ** 96)))})
for scale, offset in ((64.0, 1), (64.0, 3), (2.0**30, 12345678)):
    kept.append({"scale": scale, "offset": offset, "keep": str(int(mpmath.floor(mpmath.exp(-mpf(offset) / mpf(scale)) * mpf(2) ** 96)))})
exps = []
for numerator, denominator, bits in ((1, 1, 256), (1, 3, 256), (355, 113, 200), (100, 1, 300), (1, 10**12, 128), (700, 1, 64), (0, 1, 64)):
    exps.append({"numerator": str(numerator), "denominator": str(denominator), "bits": bits, "value": str(int(mpmath.floor(mpmath.exp(-mpf(numerator) / denominator) * mpf(2) ** bits)))})
print(json.dumps({
    "source": "mpmath " + mpmath.__version__ + ", 400 bits, direct sums (besseli for Skellam); test/vectors/samplers.py",
    "distributions": rows, "keep": kept, "exp": exps}, indent=1))
