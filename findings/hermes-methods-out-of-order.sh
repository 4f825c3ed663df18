#!/usr/bin/env bash
# hermes-engine-cli 0.12.0: which methods the VM has does not follow the year of the standard that brought them.
#
# Guess: a VM with Array.prototype.findLast (ES2023) and Object.hasOwn (ES2022) has what came before: Promise.allSettled
#        (ES2020), Promise.any (ES2021), Array.prototype.at (ES2022). So it is enough to try one method of a year.
# Seen:  findLast and hasOwn are there; allSettled, any and at are not. React Native's preset lowers syntax, never methods, so
#        a bundle that uses them is built without a word and fails at the first call, on the device.
# Output: findLast function, hasOwn function, allSettled undefined, any undefined, at undefined
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y > /dev/null
npm install --silent --no-audit --no-fund hermes-engine-cli@0.12.0
cat > methods.js <<'JS'
print('findLast ' + typeof [].findLast + ', hasOwn ' + typeof Object.hasOwn + ', allSettled ' + typeof Promise.allSettled +
  ', any ' + typeof Promise.any + ', at ' + typeof [].at);
JS
case $(uname) in Darwin) vm=osx-bin ;; *) vm=linux64-bin ;; esac
seen=$("node_modules/hermes-engine-cli/$vm/hermes" methods.js)
echo "$seen"
[ "$seen" = 'findLast function, hasOwn function, allSettled undefined, any undefined, at undefined' ]
