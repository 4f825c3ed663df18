#!/usr/bin/env bash
# avsc 5.7.9: a schema inferred from a value writes every number beyond 31 bits, and every fraction, as a float of 32 bits.
#
# Guess: numbers of JavaScript are doubles, so what is inferred for one that is no small integer is Avro's double, or its long.
# Seen:  `Type.forValue` says float for both. A time in milliseconds comes back 55 seconds off, a count of 10,000,000,001 as
#        10,000,000,000, 0.1 as 0.10000000149011612. A schema that names long or double keeps the same values.
# Output: inferred: {"time":"float","count":"float","rate":"float","small":"int"}
#         read:     {"time":1764460855296,"count":10000000000,"rate":0.10000000149011612,"small":7}
#         named:    {"time":1764460800123,"count":10000000001,"rate":0.1,"small":7}
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
npm init -y >/dev/null
npm install --silent --no-fund --no-audit avsc@5.7.9
cat >run.mjs <<'JS'
import { strictEqual } from 'node:assert';
import avro from 'avsc';

const value = { time: 1764460800123, count: 10000000001, rate: 0.1, small: 7 };
const through = (type) => JSON.stringify(type.fromBuffer(type.toBuffer(value)));
const inferred = avro.Type.forValue(value);
const types = JSON.stringify(Object.fromEntries(inferred.fields.map(({ name, type }) => [name, type.typeName])));
const kinds = { time: 'long', count: 'long', rate: 'double', small: 'int' };
const fields = Object.entries(kinds).map(([name, type]) => ({ name, type }));
const named = avro.Type.forSchema({ type: 'record', name: 'named', fields });
console.log(`inferred: ${types}\nread:     ${through(inferred)}\nnamed:    ${through(named)}`);
strictEqual(types, '{"time":"float","count":"float","rate":"float","small":"int"}');
strictEqual(through(inferred), '{"time":1764460855296,"count":10000000000,"rate":0.10000000149011612,"small":7}');
strictEqual(through(named), JSON.stringify(value));
JS
node run.mjs
