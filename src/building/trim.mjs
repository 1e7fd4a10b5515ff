/**
 * Makes WebAssembly modules smaller by what nobody calls: drops exports, and empties the functions
 * that nothing reaches then. Functions keep their numbers, so nothing else has to be rewritten.
 *
 * In: on standard input [{source, target, keep}, …], `keep` being the names of the exported
 * functions and globals that stay; exports of other kinds all do. What stays must read no global from
 * outside, so that nobody has to find values for them (`building/trimmed.py` sees to it).
 * The format is https://webassembly.github.io/spec/core/binary/; an instruction that is not known
 * here ends it.
 */
import { readFileSync, writeFileSync } from "node:fs";

const IMPORT = 2, GLOBAL = 6, EXPORT = 7, START = 8, ELEMENT = 9, CODE = 10;
const FUNCTION_KIND = 0, TABLE_KIND = 1, MEMORY_KIND = 2, GLOBAL_KIND = 3;
const EMPTY_BODY = [3, 0x00, 0x00, 0x0b]; // its size, no locals, `unreachable`, `end`

/** Reads a module's bytes one after the other. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** An unsigned LEB128 number of up to 32 bits. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  /** Passes over so many LEB128 numbers, signed or not. */
  pass(count) {
    for (; count > 0; count--) while (this.byte() >= 0x80);
  }

  name() {
    const size = this.number();
    this.at += size;
    return this.bytes.toString("utf8", this.at - size, this.at);
  }

  /** As many results as the number that comes first. */
  *each(read) {
    for (let left = this.number(); left > 0; left--) yield read();
  }
}

function sectionsOf(bytes) {
  const reader = new Reader(bytes, 8); // behind the magic number and the version
  const sections = [];
  while (reader.at < bytes.length) {
    const from = reader.at;
    const id = reader.byte();
    const size = reader.number();
    sections.push({ id, from, at: reader.at, end: (reader.at += size) });
  }
  return sections;
}

/** How many of each kind come from outside; they have the first numbers. */
function imported(reader) {
  const counts = [0, 0, 0, 0, 0];
  for (const kind of reader.each(() => (reader.name(), reader.name(), reader.byte()))) {
    counts[kind]++;
    if (kind === FUNCTION_KIND) reader.pass(1);
    else if (kind === GLOBAL_KIND) reader.pass(2);
    else if (kind === TABLE_KIND || kind === MEMORY_KIND) {
      if (kind === TABLE_KIND) reader.pass(1);
      reader.pass(1 + (reader.number() & 1)); // limits: the least, and perhaps the most
    } else reader.pass(2);
  }
  return counts;
}

/** Passes over one instruction and tells of the function or the global that it names, if any. */
function instruction(reader, called, read = (_) => {}) {
  const code = reader.byte();
  if (code === 0x10 || code === 0x12 || code === 0xd2) called(reader.number());
  else if (code === 0x23 || code === 0x24) read(reader.number());
  else if (code >= 0x45 && code <= 0xc4) return code; // arithmetic
  else if (code >= 0x28 && code <= 0x3e) memoryPlace(reader);
  else if (ALONE.has(code)) return code;
  else if (ONE_NUMBER.has(code)) reader.pass(1);
  else if (code === 0x11 || code === 0x13) reader.pass(2);
  else if (code === 0x0e) reader.pass(reader.number() + 1);
  else if (code === 0x1c) reader.pass(reader.number());
  else if (code === 0x43) reader.at += 4;
  else if (code === 0x44) reader.at += 8;
  else if (code === 0x1f) {
    reader.pass(1);
    for (const kind of reader.each(() => reader.byte())) reader.pass(kind < 2 ? 2 : 1);
  } else if (code === 0xfc) {
    const further = reader.number();
    if (further > 17) throw new Error(`instruction 0xfc ${further} is not known`);
    reader.pass(further < 8 ? 0 : [8, 10, 12, 14].includes(further) ? 2 : 1);
  } else throw new Error(`instruction 0x${code.toString(16)} is not known`);
  return code;
}

// unreachable, nop, else, throw_ref, end, return, catch_all, drop, select, ref.is_null
const ALONE = new Set([0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0f, 0x19, 0x1a, 0x1b, 0xd1]);
// block, loop, if, try, catch, throw, rethrow, br, br_if, delegate; locals and tables by number;
// memory.size and .grow; i32.const, i64.const; ref.null
const ONE_NUMBER = new Set([
  ...[0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d, 0x18, 0x20, 0x21, 0x22],
  ...[0x25, 0x26, 0x3f, 0x40, 0x41, 0x42, 0xd0],
]);

function memoryPlace(reader) {
  reader.pass(reader.number() & 0x40 ? 2 : 1); // the alignment; perhaps which memory; the offset
}

/** Passes over an expression that a section holds, up to its `end`. */
function expression(reader, called) {
  while (instruction(reader, called) !== 0x0b);
}

/** Tells of every function in the tables: code may call it by a number that is made at run time. */
function elements(reader, called) {
  for (const flags of reader.each(() => reader.number())) {
    if (!(flags & 1)) {
      if (flags & 2) reader.pass(1);
      expression(reader, called);
    }
    if (flags & 3) reader.pass(1);
    if (flags & 4) for (const _ of reader.each(() => expression(reader, called)));
    else for (const number of reader.each(() => reader.number())) called(number);
  }
}

/** The bodies of the module's own functions, each with what it calls and the globals that it reads. */
function bodies(reader) {
  return [
    ...reader.each(() => {
      const from = reader.at;
      const end = reader.number() + reader.at;
      const calls = [];
      const reads = [];
      for (const _ of reader.each(() => reader.pass(2))); // the locals, by type
      let last;
      while (reader.at < end) last = instruction(reader, (n) => calls.push(n), (n) => reads.push(n));
      if (reader.at !== end || last !== 0x0b) {
        throw new Error(`a function does not end where it should, at ${end}`);
      }
      return { from, end, calls, reads };
    }),
  ];
}

function leb(number) {
  const bytes = [];
  for (; number >= 0x80; number >>>= 7) bytes.push((number & 0x7f) | 0x80);
  return Buffer.from([...bytes, number]);
}

function section(id, parts) {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([id]), leb(content.length), content]);
}

function trimmed(bytes, keep) {
  const sections = sectionsOf(bytes);
  // A section that is not there holds nothing.
  const inSection = (id) => {
    const found = sections.find((one) => one.id === id);
    return found ? new Reader(bytes, found.at) : new Reader(Buffer.from([0]));
  };
  const roots = [];
  const reached = (number) => roots.push(number);
  const exported = inSection(EXPORT);
  const entries = [...exported.each(() => {
    const from = exported.at;
    const name = exported.name();
    const kind = exported.byte();
    const number = exported.number();
    const stays = keep.has(name) || (kind !== FUNCTION_KIND && kind !== GLOBAL_KIND);
    if (stays && kind === FUNCTION_KIND) reached(number);
    return { name, stays, bytes: bytes.subarray(from, exported.at) };
  })];
  const names = new Set(entries.map((entry) => entry.name));
  const lost = [...keep].filter((name) => !names.has(name));
  if (lost.length) throw new Error(`nothing is exported as ${lost.join(", ")}`);
  const globals = inSection(GLOBAL);
  for (const _ of globals.each(() => (globals.pass(2), expression(globals, reached))));
  elements(inSection(ELEMENT), reached);
  if (sections.some((one) => one.id === START)) reached(inSection(START).number());

  const { [FUNCTION_KIND]: outside, [GLOBAL_KIND]: unread } = imported(inSection(IMPORT));
  const own = bodies(inSection(CODE));
  const alive = new Set();
  while (roots.length) {
    const number = roots.pop() - outside;
    if (number < 0 || alive.has(number)) continue;
    alive.add(number);
    roots.push(...own[number].calls);
    if (own[number].reads.some((global) => global < unread)) {
      throw new Error(`a function that stays reads a global from outside: number ${number}`);
    }
  }
  const staying = entries.filter((entry) => entry.stays).map((entry) => entry.bytes);
  const empty = Buffer.from(EMPTY_BODY);
  const code = own.map((one, n) => (alive.has(n) ? bytes.subarray(one.from, one.end) : empty));
  const rewritten = {
    [EXPORT]: () => section(EXPORT, [leb(staying.length), ...staying]),
    [CODE]: () => section(CODE, [leb(code.length), ...code]),
  };
  const rest = sections.map((one) => rewritten[one.id]?.() ?? bytes.subarray(one.from, one.end));
  return Buffer.concat([bytes.subarray(0, 8), ...rest]);
}

try {
  for (const { source, target, keep } of JSON.parse(readFileSync(0, "utf8"))) {
    writeFileSync(target, trimmed(readFileSync(source), new Set(keep)));
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
