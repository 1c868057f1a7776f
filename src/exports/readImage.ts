/** Reads a stored picture of an export and checks that it is whole: a disk or a copy can have cut or changed it. */
import { crc32 } from 'node:zlib';
import type { ArtifactStore } from '../artifacts/store.js';
import { MissingArtifact } from '../artifacts/store.js';

/** The picture is left out of the export, and named in its manifest. */
export class DamagedImage extends Error {
  override readonly name = 'DamagedImage';
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** The length, the type, and the checksum of a chunk. */
const CHUNK_BYTES = 12;

/** @throws DamagedImage, and the errors of the store while it is unavailable */
export async function readImage(store: ArtifactStore, tenantId: string, key: string): Promise<Buffer> {
  const bytes = await store.read(tenantId, key).catch((error: unknown) => {
    throw error instanceof MissingArtifact ? new DamagedImage(`${key} is missing`) : error;
  });
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isWholePng(png)) throw new DamagedImage(`${key} is damaged or truncated`);
  return png;
}

/** Whether every chunk is there with its checksum, to the last one. */
function isWholePng(png: Buffer): boolean {
  if (!png.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return false;
  for (let at = SIGNATURE.length; at + CHUNK_BYTES <= png.length;) {
    const end = at + CHUNK_BYTES + png.readUInt32BE(at);
    if (end > png.length) return false;
    if (crc32(png.subarray(at + 4, end - 4)) !== png.readUInt32BE(end - 4)) return false;
    if (png.toString('latin1', at + 4, at + 8) === 'IEND') return true;
    at = end;
  }
  return false;
}
