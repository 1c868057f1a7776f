/**
 * Opens an uploaded zip. It is untrusted: its entries are counted and their sizes bounded before and while they are
 * inflated, one at a time, and nothing is written to a path that it names.
 */
import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { openPromise } from 'yauzl';
import { ServiceError, quote } from '../../errors.js';
import { invalidArchive } from './problems.js';

export interface ArchiveLimits {
  /** Of the archive, and of what is inflated from it, together. */
  readonly bytes: number;
  /** Of one inflated file. */
  readonly fileBytes: number;
  readonly photographs: number;
}

export interface Archive {
  /** The names of its files, in the order of the archive. */
  readonly names: readonly string[];
  /** @throws ServiceError DATA_SET_ARCHIVE_INVALID, whose message begins with the name */
  read(name: string): Promise<Buffer>;
  close(): void;
}

/** Masks, and what lies beside photographs and is not read. */
const ENTRIES_PER_PHOTOGRAPH = 4;
const OTHER_ENTRIES = 100;
/** As of the label of a photograph, which it becomes. */
const MAX_NAME_LENGTH = 200;
/** What systems add to archives. Nothing of it is read. */
const HIDDEN = /^__MACOSX\/|(^|\/)\.[^/]*$/;

/** Throws `ServiceError` DATA_SET_ARCHIVE_INVALID. */
export async function openArchive(path: string, limits: ArchiveLimits): Promise<Archive> {
  const zip = await openPromise(path, { autoClose: false }).catch((error: unknown) => {
    throw invalidArchive(`the archive is not a zip file, or only a part of one: ${(error as Error).message}`);
  });
  try {
    return readableArchive(zip, await entriesOf(zip, limits), limits);
  } catch (error) {
    zip.close();
    if (error instanceof ServiceError) throw error;
    throw invalidArchive(`cannot be read: ${(error as Error).message}`);
  }
}

async function entriesOf(zip: ZipFile, { photographs }: ArchiveLimits): Promise<ReadonlyMap<string, Entry>> {
  const most = photographs * ENTRIES_PER_PHOTOGRAPH + OTHER_ENTRIES;
  if (zip.entryCount > most)
    throw invalidArchive(`has ${String(zip.entryCount)} entries; at most ${String(most)} are allowed`);
  const found = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.normalize('NFC');
    if (name.endsWith('/') || HIDDEN.test(name)) continue;
    if (name.length > MAX_NAME_LENGTH)
      throw invalidArchive(
        `has a name of ${String(name.length)} characters, ${quote(name)}; at most ${String(MAX_NAME_LENGTH)} are allowed`,
      );
    // Control characters and unpaired surrogates.
    if (/[\p{Cc}\p{Cs}]/u.test(name)) throw invalidArchive(`has a name that is no text, ${quote(name)}`);
    if (found.has(name)) throw invalidArchive(`has the file ${quote(name)} twice`);
    if (entry.isEncrypted()) throw invalidArchive(`${name} is encrypted; pack the files without a password`);
    found.set(name, entry);
  }
  return found;
}

function readableArchive(zip: ZipFile, entries: ReadonlyMap<string, Entry>, limits: ArchiveLimits): Archive {
  let inflated = 0;
  return {
    names: [...entries.keys()],
    close: () => {
      zip.close();
    },
    async read(name) {
      const entry = entries.get(name);
      if (entry === undefined) throw new Error(`${name} is not in the archive`);
      const { fileBytes, bytes: all } = limits;
      const requireSmall = (bytes: number): void => {
        if (bytes > fileBytes)
          throw invalidArchive(`${name}: has ${String(bytes)} bytes; at most ${String(fileBytes)} are allowed`);
        if (inflated + bytes > all)
          throw invalidArchive(`its files have more than ${String(all)} bytes, which is the most that is read from it`);
      };
      requireSmall(entry.uncompressedSize);
      const content = await inflate(zip, entry, requireSmall);
      inflated += content.length;
      return content;
    },
  };
}

async function inflate(zip: ZipFile, entry: Entry, requireSmall: (bytes: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    const stream: Readable = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      requireSmall(bytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw invalidArchive(`${entry.fileName}: cannot be unpacked: ${(error as Error).message}`);
  }
  const content = Buffer.concat(chunks);
  if (crc32(content) === entry.crc32) return content;
  throw invalidArchive(`${entry.fileName}: is damaged: its checksum is another than the archive says; send it again`);
}
