/** What is in a zip archive, read through its central directory, as unzip does. */
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const STORED = 0;

export interface ZipEntry {
  readonly name: string;
  readonly content: Buffer;
  readonly stored: boolean;
}

export function entriesIn(archive: Buffer): ZipEntry[] {
  const end = archive.length - 22;
  if (archive.readUInt32LE(end) !== END) throw new Error('this is not a whole zip archive');
  const entries: ZipEntry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let i = 0; i < archive.readUInt16LE(end + 10); i++) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new Error(`there is no entry at ${String(at)}`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field));
    const name = archive.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    const local = archive.readUInt32LE(at + 42);
    const data = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const bytes = archive.subarray(data, data + archive.readUInt32LE(at + 20));
    const stored = archive.readUInt16LE(at + 10) === STORED;
    entries.push({ name, stored, content: stored ? bytes : inflateRawSync(bytes) });
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return entries;
}

export function textIn(entries: readonly ZipEntry[], name: string): string {
  const entry = entries.find((each) => each.name === name);
  if (entry === undefined) throw new Error(`${name} is not in the archive: ${entries.map((e) => e.name).join(', ')}`);
  return entry.content.toString('utf8');
}
