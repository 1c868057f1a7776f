/**
 * Writes a zip archive to a file, one entry after the other. The bytes of an entry are released as soon as they are written, so only
 * the list of names stays in memory. Images are stored, text is deflated.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

export interface ZipWriter {
  /** Resolves when the bytes have been passed to the disk. */
  image(name: string, bytes: Uint8Array): Promise<void>;
  stored(name: string, pieces: AsyncIterable<Uint8Array>): Promise<void>;
  text(name: string, pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<void>;
  /** Resolves when the archive is complete. */
  end(): Promise<WrittenFile>;
  /** Closes the file of an archive that is not needed any more. */
  abandon(): Promise<void>;
}

export interface WrittenFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** @param at The modification time of every entry. */
export function createZipWriter(file: string, at: Date): ZipWriter {
  const zip = new ZipFile();
  const hash = createHash('sha256');
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      done(null, chunk);
    },
  });
  const output = zip.outputStream as Readable;
  const written = pipeline(output, counted, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  // The error is reported to the current call of `add`, and to every later call.
  let failure: Error | undefined;
  let fail: (error: Error) => void = () => undefined;
  written.catch((error: unknown) => {
    failure = error as Error;
    fail(failure);
  });
  zip.on('error', (error: Error) => output.destroy(error));

  function add(name: string, compress: boolean, pieces: Iterable<unknown> | AsyncIterable<unknown>): Promise<void> {
    const content = Readable.from(pieces, { objectMode: false });
    return new Promise<void>((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      fail = reject;
      content.once('end', resolve).once('error', reject);
      zip.addReadStreamLazy(name, { compress, mtime: at, mode: 0o100644 }, openOnce(content));
    });
  }

  return {
    image: (name, bytes) => add(name, false, [bytes]),
    stored: (name, pieces) => add(name, false, pieces),
    text: (name, pieces) => add(name, true, pieces),
    async end() {
      zip.end();
      await written;
      return { bytes, sha256: hash.digest('hex') };
    },
    async abandon() {
      output.destroy();
      await written.catch(() => undefined);
    },
  };
}

/** The zip file keeps this function to its end and must not keep the bytes with it. */
function openOnce(content: Readable) {
  let left: Readable | undefined = content;
  return (give: (error: unknown, stream: Readable) => void): void => {
    if (left === undefined) throw new Error('an entry was requested twice');
    const now = left;
    left = undefined;
    give(null, now);
  };
}
