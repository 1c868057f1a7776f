/** The marks in PNG files, and the files without them. */
import sharp from 'sharp';

/** The chunks of XMP and of C2PA. */
const MARKS = ['iTXt', 'caBX'];

export function chunksOf(png: Buffer): { readonly type: string; readonly bytes: Buffer }[] {
  const chunks = [];
  for (let at = 8; at < png.length;) {
    const end = at + 12 + png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), bytes: png.subarray(at, end) });
    at = end;
  }
  return chunks;
}

export function unmarked(png: Buffer): Buffer {
  const kept = chunksOf(png).filter(({ type }) => !MARKS.includes(type));
  return Buffer.concat([png.subarray(0, 8), ...kept.map(({ bytes }) => bytes)]);
}

/** The attributes of the XMP packet, as sharp finds it. Empty if there is none. */
export async function xmpOf(png: Buffer): Promise<Record<string, string>> {
  const { xmp } = await sharp(png).metadata();
  const attributes = (xmp?.toString('utf8') ?? '').matchAll(/(\w+:\w+)="([^"]*)"/g);
  return Object.fromEntries([...attributes].map(([, name = '', value = '']) => [name.replace(/^.*:/, ''), value]));
}
