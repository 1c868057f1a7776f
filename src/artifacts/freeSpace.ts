/** Keeps some of a disk free: the database needs space too. */
import { statfs } from 'node:fs/promises';
import { StoreUnavailable } from './store.js';

const MIN_FREE_BYTES = 64 * 1024 * 1024;

/**
 * @param more bytes that are about to be written
 * @throws StoreUnavailable
 */
export async function requireFreeSpace(folder: string, more = 0): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize - more >= MIN_FREE_BYTES) return;
  const what = more === 0 ? '' : ` for ${String(more)} more`;
  throw new StoreUnavailable(`the disk has no room${what}: ${String(MIN_FREE_BYTES)} bytes stay free`);
}
