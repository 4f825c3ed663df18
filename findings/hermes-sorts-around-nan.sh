#!/usr/bin/env bash
# hermes-engine-cli 0.12.0: one NaN in a typed array, and sort() leaves the numbers beside it unsorted.
#
# Guess: TypedArray.prototype.sort without a comparison puts NaN last and sorts the rest, as the standard says (ECMA-262,
#        %TypedArray%.prototype.sort: undefined comparison, NaN after every number), on every engine.
# Seen:  numbers on either side of the NaN keep their places, silently: the median, the quantile and the trimmed mean of a
#        column with one missing value are wrong on React Native of these years, and right everywhere else. Without NaN the
#        same call is right, signed zeros included. So look for NaN before sorting.
# Output: without NaN: -1,0,2,9,10
#         with NaN: 5,NaN,3,4,NaN,1 where the standard says 1,3,4,5,NaN,NaN
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund hermes-engine-cli@0.12.0
cat > sort.js <<'JS'
var show = typeof print === 'undefined' ? console.log : print;
show('without NaN: ' + new Float64Array([10, 9, -1, 0, 2]).sort().join());
show('with NaN: ' + new Float64Array([5, NaN, 4, 3, NaN, 1]).sort().join());
JS
case $(uname) in Darwin) vm=osx-bin ;; *) vm=linux64-bin ;; esac
seen=$("node_modules/hermes-engine-cli/$vm/hermes" sort.js)
expected=$(node sort.js)
echo "$seen where the standard says ${expected##* }"
[ "$seen" = $'without NaN: -1,0,2,9,10\nwith NaN: 5,NaN,3,4,NaN,1' ]
[ "$expected" = $'without NaN: -1,0,2,9,10\nwith NaN: 1,3,4,5,NaN,NaN' ]
