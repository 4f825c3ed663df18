#!/usr/bin/env bash
# fflate 0.8.3 (npm): an archive of more than 65,535 files, such as a sharded checkpoint of one tensor a file, loses them on its way back.
#
# Guess: zipSync writes the fields of ZIP64 that so many files need, as Python's zipfile does, or throws; what it writes unzipSync reads.
# Seen:  it counts the files modulo 65,536 in the two bytes that the plain format has for it, without a word. All of them are in the archive:
#        Python, which goes by the length of the directory, finds every one. unzipSync goes by the count, and gives back none of 65,536, one
#        of 65,537, without an error. Of one more than Python's zipfile wrote, with its ZIP64 fields, unzipSync gives back all.
# Output: 65535 files by fflate: 65535 by Python, 65535 by fflate
#         65536 files by fflate: 65536 by Python, 0 by fflate
#         65537 files by fflate: 65537 by Python, 1 by fflate
#         65537 files by Python: 65537 by Python, 65537 by fflate
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit fflate@0.8.3
cat >write.mjs <<'JS'
import { zipSync } from 'fflate';
import { writeFileSync } from 'node:fs';

for (const count of [65_535, 65_536, 65_537]) {
  const files = Object.fromEntries(Array.from({ length: count }, (_, i) => [`tensor-${i}`, Uint8Array.of(i & 255)]));
  writeFileSync(`${count}-fflate.zip`, zipSync(files, { level: 0 }));
}
JS
cat >read.mjs <<'JS'
import { unzipSync } from 'fflate';
import { readFileSync } from 'node:fs';

console.log(Object.keys(unzipSync(readFileSync(process.argv[2]))).length);
JS
node write.mjs
python3 - <<'PY'
import zipfile
with zipfile.ZipFile('65537-Python.zip', 'w') as archive:
    for i in range(65_537):
        archive.writestr(f'tensor-{i}', bytes([i & 255]))
PY
found=$(for file in 65535-fflate 65536-fflate 65537-fflate 65537-Python; do
  python=$(python3 -c 'import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))' "$file.zip")
  echo "${file%-*} files by ${file#*-}: $python by Python, $(node read.mjs "$file.zip") by fflate"
done)
echo "$found"
[ "$found" = "65535 files by fflate: 65535 by Python, 65535 by fflate
65536 files by fflate: 65536 by Python, 0 by fflate
65537 files by fflate: 65537 by Python, 1 by fflate
65537 files by Python: 65537 by Python, 65537 by fflate" ]
