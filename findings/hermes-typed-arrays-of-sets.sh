#!/usr/bin/env bash
# hermes-engine-cli 0.12.0: TypedArray.from of a Set or an iterator is an empty array, without an error.
#
# Guess: the VM has Set, its iterator and spread, so Float64Array.from(new Set([3, 1, 2])) has three numbers, as the standard says
#        (ECMA-262, %TypedArray%.from takes iterables); or it throws.
# Seen:  length 0. Only array-likes are read; Array.from of the same Set is right. Whatever is computed from the array goes on
#        with nothing: sums are 0, maxima are absent. Spreading first, Float64Array.from([...set]), is right.
# Output: Array.from: 3, Float64Array.from: 0, of an iterator: 0, spread: 3
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund hermes-engine-cli@0.12.0
cat > from.js <<'JS'
var set = new Set([3, 1, 2]);
print('Array.from: ' + Array.from(set).length + ', Float64Array.from: ' + Float64Array.from(set).length +
  ', of an iterator: ' + Float64Array.from(set.values()).length + ', spread: ' + Float64Array.from([...set]).length);
JS
case $(uname) in Darwin) vm=osx-bin ;; *) vm=linux64-bin ;; esac
seen=$("node_modules/hermes-engine-cli/$vm/hermes" from.js)
echo "$seen"
[ "$seen" = 'Array.from: 3, Float64Array.from: 0, of an iterator: 0, spread: 3' ]
