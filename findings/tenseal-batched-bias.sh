#!/usr/bin/env bash
# tenseal 0.3.18 (pip): to a batch of encrypted rows, an encrypted bias is added row by row, a plain one column by column.
#
# Guess: `ckks_tensor(..., batch=True)` packs the rows into the same ciphertexts and computes as without: (2, 3) plus a bias of three numbers, plain
#        or encrypted, adds the same bias to both rows; what does not fit is refused, as without `batch` it is.
# Seen:  an encrypted bias, itself made as a batch, lies along the rows: the first row gets its first number, the second its second, and the
#        third is dropped. Batches of five and of two rows add up without an error too, in the length of the left one: the missing rows count
#        as 0. A plain bias of the same three numbers is added as meant, and so is either without `batch`.
# Output: rows apart, plain bias: 10 21 32 | 13 24 35
#         rows apart, encrypted bias: 10 21 32 | 13 24 35
#         rows packed, plain bias: 10 21 32 | 13 24 35
#         rows packed, encrypted bias: 10 11 12 | 23 24 25
#         three rows of ones and two, apart: refused
#         three rows of ones and two, packed: 2 2 2 | 2 2 2 | 1 1 1
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -q --no-compile --disable-pip-version-check tenseal==0.3.18
"$scratch/venv/bin/python" - <<'PY'
import sys
import tenseal

context = tenseal.context(tenseal.SCHEME_TYPE.CKKS, poly_modulus_degree=8192, coeff_mod_bit_sizes=[60, 40, 40, 60])
context.global_scale = 2**40
context.generate_galois_keys()


def encrypted(values, batch):
    return tenseal.ckks_tensor(context, tenseal.plain_tensor(values), batch=batch)


def seen(make):
    try:
        rows = make().decrypt().tolist()
    except RuntimeError:
        return "refused"
    return " | ".join(" ".join(str(round(value)) for value in row) for row in rows)


model, bias = [[0.0, 1, 2], [3, 4, 5]], [10.0, 20, 30]
ones = [[1.0, 1, 1]]
found = {}
for name, batch in (("apart", False), ("packed", True)):
    found[f"rows {name}, plain bias"] = seen(lambda: encrypted(model, batch) + tenseal.plain_tensor(bias))
    found[f"rows {name}, encrypted bias"] = seen(lambda: encrypted(model, batch) + encrypted(bias, batch))
for name, batch in (("apart", False), ("packed", True)):
    found[f"three rows of ones and two, {name}"] = seen(lambda: encrypted(ones * 3, batch) + encrypted(ones * 2, batch))
for name, result in found.items():
    print(f"{name}: {result}")
right = "10 21 32 | 13 24 35"
wanted = [right, right, right, "10 11 12 | 23 24 25", "refused", "2 2 2 | 2 2 2 | 1 1 1"]
sys.exit(0 if list(found.values()) == wanted else 1)
PY
