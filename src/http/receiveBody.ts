/** Streams a raw body to the disk, up to a bound. The body is never held in memory. */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { requireFreeSpace } from '../artifacts/freeSpace.js';
import { StoreUnavailable } from '../artifacts/store.js';
import { ServiceError } from '../errors.js';
import type { Body } from '../references/completeUpload.js';

export interface ReceivedBody extends Body {
  remove(): Promise<void>;
}

/** Received between two looks at the disk. */
const CHECKED_BYTES = 8 * 1024 * 1024;

/**
 * Throws `ServiceError` UPLOAD_TOO_LARGE, and StoreUnavailable on a full disk, while reading. The request can still be answered then, and no file remains.
 */
export async function receiveBody(request: IncomingMessage, folder: string, maximum: number): Promise<ReceivedBody> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maximum) throw tooLarge(`${String(announced)} bytes are more than ${String(maximum)}`, maximum);
  await requireFreeSpace(folder, announced);
  const path = join(folder, `${randomBytes(16).toString('hex')}.upload`);
  const remove = (): Promise<void> => rm(path, { force: true });
  const hash = createHash('sha256');

  async function* measured(): AsyncGenerator<Buffer> {
    let [bytes, checked] = [0, 0];
    // Destroying the request would make an answer impossible.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maximum) throw tooLarge(`is longer than ${String(maximum)} bytes`, maximum);
      if (bytes - checked > CHECKED_BYTES) {
        await requireFreeSpace(folder);
        checked = bytes;
      }
      hash.update(chunk);
      yield chunk;
    }
  }

  try {
    await pipeline(measured(), createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    await remove();
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw ['ENOSPC', 'EDQUOT'].includes(code) ? new StoreUnavailable(message, { cause: error }) : error;
  }
  return { path, hash: hash.digest('hex'), remove };
}

function tooLarge(problem: string, maximumBytes: number): ServiceError {
  return new ServiceError('UPLOAD_TOO_LARGE', `body: ${problem}`, { field: 'body', maximumBytes });
}
