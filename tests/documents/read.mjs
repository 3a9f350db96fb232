// Reads Automerge files with an implementation that this project did not write, and prints
// one line of JSON for each:
//
//   file      the path as given
//   document  the whole document as plain values
//   fields    for each key of the map `fields`, every value that it holds at once, oldest
//             operation first, so that the one shown in `document` is the last
//   changes   how many changes the document has
//   messages  the message of each change, in order; null for a change without one
//
// Plain values: both kinds of string are strings, a counter and a time (milliseconds) are
// numbers, bytes are lower-case hex, an integer that a double cannot hold is a string of digits.
//
// Used by the test `documents` of this workspace: node read.mjs FILE...

import { readFileSync } from "node:fs";
import * as Automerge from "@automerge/automerge";

/** The value as JSON can hold it. */
function plain(value) {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (value === null || typeof value !== "object") return value ?? null;
  if (value instanceof Date) return value.getTime();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value instanceof Automerge.Counter) return plain(value.value);
  if (Automerge.isImmutableString(value)) return value.toString();
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** Op ids (`counter@actor`) in Automerge's own order. */
function byOperation([left], [right]) {
  const [leftCounter, leftActor] = left.split("@");
  const [rightCounter, rightActor] = right.split("@");
  if (leftCounter !== rightCounter) return Number(leftCounter) - Number(rightCounter);
  return leftActor < rightActor ? -1 : Number(leftActor > rightActor);
}

/** Every value that a key of a map holds at once. */
function everyValue(map, key) {
  const conflicts = Automerge.getConflicts(map, key);
  if (conflicts === undefined) return [plain(map[key])];
  return Object.entries(conflicts)
    .sort(byOperation)
    .map(([, value]) => plain(value));
}

/** All that is printed about one file. */
function read(file) {
  const document = Automerge.load(new Uint8Array(readFileSync(file)));
  const fields = document.fields ?? {};
  const changes = Automerge.getAllChanges(document).map(Automerge.decodeChange);
  return {
    file,
    document: plain(document),
    fields: Object.fromEntries(Object.keys(fields).map((key) => [key, everyValue(fields, key)])),
    changes: changes.length,
    messages: changes.map((change) => change.message ?? null),
  };
}

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("usage: node read.mjs FILE...");
  process.exit(2);
}
for (const file of files) {
  try {
    console.log(JSON.stringify(read(file)));
  } catch (error) {
    console.error(`${file}: ${error.message ?? error}`);
    process.exitCode = 1;
  }
}
