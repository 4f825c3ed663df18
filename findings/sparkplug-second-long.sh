#!/usr/bin/env bash
# sparkplug-payload 1.0.3 (npm, device data on MQTT): once the tree holds another version of `long`, negative readings decode as huge ones.
#
# Guess: an Int64 of -5 decodes as -5, whatever else is installed: its own `long` 4 lies in its own node_modules where the top holds `long` 5,
#        which newer protobufjs, gRPC and ONNX Runtime for the web bring along.
# Seen:  its protobufjs looks for `long` at run time from a helper that npm puts at the top, and finds version 5; what decodes compares with
#        the class of version 4 and then leaves the sign out. -5 becomes 18446744073709551611 in Int64, and a UInt32 is an object instead of a
#        number. Same file, same versions of the package and its dependencies; Int32, Float and Double are right in both.
# Output: alone: Int64 -5, UInt32 number 4000000000, Int32 -5, Float -0.5
#         beside long 5: Int64 18446744073709551611, UInt32 object 4000000000, Int32 -5, Float -0.5
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit sparkplug-payload@1.0.3
cat >run.cjs <<'JS'
const { strictEqual } = require('node:assert');
const { decodePayload, encodePayload } = require('sparkplug-payload').get('spBv1.0');

const [, , words, wanted, kind] = process.argv;
const readings = { Int64: -5, UInt32: 4000000000, Int32: -5, Float: -0.5 };
const metrics = Object.entries(readings).map(([type, value]) => ({ name: type, type, value }));
const decoded = decodePayload(encodePayload({ timestamp: 1767225600000, metrics })).metrics;
const [whole, unsigned, small, real] = decoded.map(({ value }) => value);
console.log(`${words}: Int64 ${whole}, UInt32 ${typeof unsigned} ${unsigned}, Int32 ${small}, Float ${real}`);
strictEqual(`${whole}`, wanted);
strictEqual(typeof unsigned, kind);
strictEqual(small, -5);
strictEqual(real, -0.5);
JS
node run.cjs 'alone' -5 number
npm install --silent --no-fund --no-audit long@5.3.2
node run.cjs 'beside long 5' 18446744073709551611 object
