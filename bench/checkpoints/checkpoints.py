"""Checkpoints as Python's writers make them, and a look at ours from there.

make OUT.json          writes the files that the tests read, in base64, with the values they hold
zip64 OUT.json         writes small archives with ZIP64 fields
check OURS.json        loads files that fedkit wrote: {format: base64, values: {name: [type, shape, hex]}}
"""
import base64
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile

import ml_dtypes
import mlx.core as mx
import numpy as np
import safetensors
import safetensors.numpy

NUMPY_OF = {
    "F32": "<f4", "F64": "<f8", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "|u1", "I8": "|i1", "BOOL": "|b1",
}


def base64_of(data):
    return base64.b64encode(data).decode()


def described(arrays):
    """Type, shape and little-endian row-major bytes of each array."""
    types = {v: k for k, v in NUMPY_OF.items()}
    types["<V2"] = "BF16"
    result = {}
    for name, array in arrays.items():
        array = np.asarray(array)
        if array.dtype == ml_dtypes.bfloat16:
            kind, raw = "BF16", array.view("<u2")
        elif array.dtype == ml_dtypes.float8_e4m3fn:
            kind, raw = "F8_E4M3", array.view("|u1")
        else:
            raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
            kind = types[raw.dtype.str]
        result[name] = [kind, list(array.shape), np.ascontiguousarray(raw).tobytes().hex()]
    return result


def batch_norm_state():
    rng = np.random.default_rng(7)
    return {
        "net.conv.weight": rng.normal(size=(2, 3, 2)).astype("f4"),
        "net.bn.weight": rng.normal(size=3).astype("f4"),
        "net.bn.bias": rng.normal(size=3).astype("f4"),
        "net.bn.running_mean": rng.normal(size=3).astype("f4"),
        "net.bn.running_var": rng.uniform(size=3).astype("f4"),
        "net.bn.num_batches_tracked": np.array(17, dtype="i8"),
        "half": rng.normal(size=(2, 2)).astype("f2"),
        "brain": rng.normal(size=5).astype(ml_dtypes.bfloat16),
        "eight": rng.normal(size=4).astype(ml_dtypes.float8_e4m3fn),
        "mask": np.array([True, False, True]),
        "double": rng.normal(size=2),
        "ids": np.arange(4, dtype="i4"),
    }


def make(path):
    state = batch_norm_state()
    files = {}
    data = safetensors.numpy.save(state, {"format": "pt"})
    files["safetensors 0.8.0, every kind of tensor"] = {"format": "safetensors", "file": base64_of(data), "values": described(state)}

    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "m.safetensors")
        arrays = {"odd": np.arange(3, dtype="u1"), "w": np.arange(6, dtype="f4").reshape(2, 3) / 7, "count": np.array([5], dtype="i8")}
        mx.save_safetensors(name, {k: mx.array(v) for k, v in arrays.items()})
        files["mlx 0.32, no metadata"] = {"format": "safetensors", "file": base64_of(open(name, "rb").read()), "values": described(arrays)}

    def npz(title, arrays, writer, expected=None):
        out = io.BytesIO()
        writer(out, **arrays)
        files[title] = {"format": "npz", "file": base64_of(out.getvalue()), "values": described(expected or arrays)}

    rng = np.random.default_rng(8)
    plain = {
        "w": rng.normal(size=(3, 4)).astype("f4"), "half": rng.normal(size=3).astype("f2"), "scalar": np.float32(1.5),
        "double": rng.normal(size=(2, 2)), "count": np.array(3, dtype="i8"), "flags": np.array([True, False]),
        "empty": np.zeros((0, 3), dtype="f4"), "bytes": np.arange(3, dtype="u1"),
    }
    npz("numpy savez", plain, np.savez)
    npz("numpy savez_compressed", plain, np.savez_compressed)
    npz("numpy, Fortran order", {"w": np.asfortranarray(rng.normal(size=(2, 3, 4)).astype("f4")), "m": np.asfortranarray(rng.normal(size=(3, 2)))}, np.savez)
    npz("numpy, big-endian", {"w": rng.normal(size=(2, 3)).astype(">f4"), "d": rng.normal(size=2).astype(">f8"), "i": np.arange(3, dtype=">i4"),
                              "f": np.asfortranarray(rng.normal(size=(2, 3)).astype(">f2"))}, np.savez)
    npz("numpy, bfloat16 as void", {"b": rng.normal(size=(2, 3)).astype(ml_dtypes.bfloat16)}, np.savez)

    versions = {"numpy": np.__version__, "safetensors": safetensors.__version__, "mlx": mx.__version__, "ml_dtypes": ml_dtypes.__version__}
    json.dump({"source": "made by `pnpm bench checkpoints vectors`, bench/checkpoints/checkpoints.py", "versions": versions, "files": files},
              open(path, "w"), indent=1)


class Pipe:
    """What a writer cannot seek in: sizes follow the contents."""

    def __init__(self):
        self.data = b""

    def write(self, data):
        self.data += bytes(data)
        return len(data)

    def flush(self):
        pass


def zip64(path):
    rng = np.random.default_rng(9)
    # Two arrays above the limit below, and one beneath it.
    arrays = {"w": rng.normal(size=(3, 4)).astype("f4"), "zeros": np.zeros(200, dtype="f4"), "count": np.array(3, dtype="i8")}
    files = {}

    def keep(title, data):
        files[title] = {"format": "npz", "file": base64_of(data), "values": described(arrays)}

    def written(out, compression):
        with zipfile.ZipFile(out, "w", compression) as archive:
            for name, array in arrays.items():
                info = zipfile.ZipInfo(name + ".npy", (1980, 1, 1, 0, 0, 0))
                info.compress_type = compression
                # As numpy.savez does.
                with archive.open(info, "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array)

    limit, zipfile.ZIP64_LIMIT = zipfile.ZIP64_LIMIT, 150
    for how, compression in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        out, pipe = io.BytesIO(), Pipe()
        written(out, compression)
        written(pipe, compression)
        keep(f"Python's zipfile, ZIP64 from 151 bytes on, {how}", out.getvalue())
        keep(f"Python's zipfile into a pipe, ZIP64 from 151 bytes on, {how}", pipe.data)
    zipfile.ZIP64_LIMIT = limit

    with tempfile.TemporaryDirectory() as folder:
        for name, array in arrays.items():
            np.save(os.path.join(folder, name), array)
            os.utime(os.path.join(folder, name + ".npy"), (315532800, 315532800))
        names = [name + ".npy" for name in arrays]
        for how, level in (("stored", "-0"), ("deflated", "-6")):
            command = ["zip", "-q", "-X", "-fz", level, how + ".zip", *names]
            subprocess.run(command, cwd=folder, check=True, env={**os.environ, "TZ": "UTC"})
            keep(f"Info-ZIP, zip -fz, {how}", open(os.path.join(folder, how + ".zip"), "rb").read())
    said = subprocess.run(["zip", "-v"], capture_output=True, text=True, check=True).stdout
    versions = {"python": sys.version.split()[0], "numpy": np.__version__, "zip": said.split("This is Zip ")[1].split()[0]}
    json.dump({"source": "made by `pnpm bench checkpoints vectors`, bench/checkpoints/checkpoints.py", "versions": versions, "files": files},
              open(path, "w"), indent=1)


def check(path):
    ours = json.load(open(path))
    for title, entry in ours.items():
        data = base64.b64decode(entry["file"])
        if entry["format"] == "npz":
            loaded = described(dict(np.load(io.BytesIO(data))))
        elif entry["format"] == "npy":
            loaded = described({"": np.load(io.BytesIO(data))})
        else:
            loaded = {name: [t["dtype"], list(t["shape"]), bytes(t["data"]).hex()] for name, t in safetensors.deserialize(data)}
        assert loaded == entry["values"], (title, loaded, entry["values"])
        print("loaded", title)


{"make": make, "zip64": zip64, "check": check}[sys.argv[1]](sys.argv[2])
