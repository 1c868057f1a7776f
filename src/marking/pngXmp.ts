/** Puts an XMP packet into a PNG file, in front of the pixels. No other byte changes. */
import { crc32 } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** The signature and the chunk IHDR, which must be the first. */
const HEADER_BYTES = SIGNATURE.length + 25;
/** Keyword, then: not compressed, method 0, no language, no translated keyword. */
const XMP_KEYWORD = Buffer.from('XML:com.adobe.xmp\0\0\0\0\0', 'latin1');

export function insertXmp(png: Uint8Array, packet: string): Buffer {
  if (!SIGNATURE.equals(png.subarray(0, SIGNATURE.length)) || png.length < HEADER_BYTES)
    throw new RangeError('the image to mark is not a PNG file');
  const chunk = pngChunk('iTXt', Buffer.concat([XMP_KEYWORD, Buffer.from(packet, 'utf8')]));
  return Buffer.concat([png.subarray(0, HEADER_BYTES), chunk, png.subarray(HEADER_BYTES)]);
}

function pngChunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const chunk = Buffer.alloc(named.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  named.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(named), chunk.length - 4);
  return chunk;
}
