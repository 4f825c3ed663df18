#!/usr/bin/env bash
# pickleparser 0.2.1: integers below -2^31 of a Python pickle come back as large positive ones.
#
# Guess: what Python pickled as an integer is that integer, or is refused where it is too long.
# Seen:  beyond 32 bits Python writes two's complement in as few bytes as hold it; the reader takes those bytes as without a sign. Values
#        down to -2^31 are right, as they travel otherwise. -2147483649 becomes 1097364144127, and a time of 1899 in microseconds lies in
#        the future. Near 2^63 it warns of lost precision, of the sign it says nothing.
# Output: -2147483648 is read as -2147483648
#         -2147483649 is read as 1097364144127
#         -1099511627776 is read as 280375465082880
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit pickleparser@0.2.1
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { Parser } from 'pickleparser';

const write = 'import pickle, sys; sys.stdout.write(pickle.dumps(int(sys.argv[1]), protocol=4).hex())';
const seen = [-2147483648, -2147483649, -1099511627776].map((value) => {
  const bytes = Buffer.from(execFileSync('python3', ['-c', write, `${value}`], { encoding: 'utf8' }), 'hex');
  const read = new Parser().parse(bytes);
  console.log(`${value} is read as ${read}`);
  return read;
});
strictEqual(seen.join(), '-2147483648,1097364144127,280375465082880');
JS
node run.mjs
