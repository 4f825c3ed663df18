#!/usr/bin/env bash
# hyparquet 1.33.0 on a file of pyarrow 26.0.1: the images of a data set come back as text that has lost their bytes.
#
# Guess: a binary column of Parquet (no annotation) comes as a Uint8Array: data sets on the Hugging Face hub and in
#        Flower Datasets keep each image as { bytes, path }.
# Seen:  by default every byte array is read as UTF-8, annotated or not: the first byte of each PNG becomes U+FFFD, the image
#        cannot be restored, nothing is said. `utf8: false` gives bytes; columns annotated as strings stay strings.
# Output: written: 89504e47
#         default: string efbfbd504e47
#         utf8 false: Uint8Array 89504e47 and the label "seven"
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check pyarrow==26.0.1
venv/bin/python - <<'PY'
import pyarrow as pa
import pyarrow.parquet as pq
table = pa.table({"image": pa.array([{"bytes": b"\x89PNG", "path": None}]), "label": ["seven"]})
pq.write_table(table, "digits.parquet")
PY
npm init -y >/dev/null
npm install --silent --no-fund --no-audit hyparquet@1.33.0
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';

const file = await asyncBufferFromFile('digits.parquet');
const hex = (value) => Buffer.from(value).toString('hex');
const [text] = await parquetReadObjects({ file });
const [raw] = await parquetReadObjects({ file, utf8: false });
console.log('written: 89504e47');
console.log(`default: ${typeof text.image.bytes} ${hex(text.image.bytes)}`);
console.log(`utf8 false: ${raw.image.bytes.constructor.name} ${hex(raw.image.bytes)} and the label "${raw.label}"`);
strictEqual(hex(text.image.bytes), 'efbfbd504e47');
strictEqual(hex(raw.image.bytes), '89504e47');
strictEqual(raw.label, 'seven');
JS
node run.mjs
