/** A list that grows with the samples and is needed at the end. It is kept in a file, not in memory. */
import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';

export interface JsonListFile {
  /** Appends the item as JSON. */
  append(item: unknown): Promise<void>;
  /** The items, separated by commas. Nothing can be appended after this call. */
  items(): AsyncIterable<Uint8Array>;
  remove(): Promise<void>;
}

export function createJsonListFile(file: string): JsonListFile {
  const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
  let failure: Error | undefined;
  stream.on('error', (error) => (failure = error));
  let first = true;
  return {
    async append(item) {
      const text = JSON.stringify(item);
      const more = stream.write(first ? text : `,\n${text}`);
      first = false;
      if (failure !== undefined) throw failure;
      if (!more) await once(stream, 'drain');
    },
    async *items() {
      if (failure !== undefined) throw failure;
      stream.end();
      await once(stream, 'close');
      yield* createReadStream(file) as AsyncIterable<Uint8Array>;
    },
    async remove() {
      stream.destroy();
      await rm(file, { force: true });
    },
  };
}
