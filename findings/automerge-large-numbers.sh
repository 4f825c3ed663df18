#!/usr/bin/env bash
# @automerge/automerge 3.5.0 (npm, public issue 1222): a number without a fraction becomes 2^63 - 1 beyond that, and a BigInt from 2^53 - 1 on.
#
# Guess: a JavaScript number assigned to a document comes back as that number, as 0.1 and 2^40 + 0.5 do; a large one is a float, since it
#        cannot be anything else.
# Seen:  whatever has no fraction is taken for an integer of 64 bits and cut off at its ends: a loss that diverged to 1e20 or 1e300 is the
#        BigInt 9223372036854775807, its negative -9223372036854775808, at once and after `save` and `load`, without an error. Below, 2^53 is
#        a BigInt too, so `loss * 2` throws on a value that was put in as a number. -0 is 0. Wrapped as `Float64` all are kept.
# Output: 0.1: number 0.1, as Float64 number 0.1
#         1099511627776.5: number 1099511627776.5, as Float64 number 1099511627776.5
#         9007199254740992: bigint 9007199254740992, as Float64 number 9007199254740992
#         100000000000000000000: bigint 9223372036854775807, as Float64 number 100000000000000000000
#         1e+300: bigint 9223372036854775807, as Float64 number 1e+300
#         -1e+300: bigint -9223372036854775808, as Float64 number -1e+300
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @automerge/automerge@3.5.0
cat >run.mjs <<'JS'
import { deepStrictEqual } from 'node:assert';
import { change, Float64, init, load, save } from '@automerge/automerge';

const again = (loss) => {
  const document = change(init(), (draft) => {
    draft.loss = loss;
  });
  deepStrictEqual(load(save(document)).loss, document.loss);
  return document.loss;
};
const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
const expected = new Map([[0.1, 0.1], [2 ** 40 + 0.5, 2 ** 40 + 0.5], [2 ** 53, 2n ** 53n], [1e20, most], [1e300, most], [-1e300, least]]);
for (const [loss, wanted] of expected) {
  const [plain, wrapped] = [again(loss), again(new Float64(loss))];
  console.log(`${loss}: ${typeof plain} ${plain}, as Float64 ${typeof wrapped} ${wrapped}`);
  deepStrictEqual(plain, wanted);
  deepStrictEqual(wrapped, loss);
}
deepStrictEqual(again(-0), 0);
JS
node run.mjs
