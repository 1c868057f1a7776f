/**
 * Detects the type of a file from its first bytes, because names and content types can be wrong. Types that are not
 * listed here (SVG, PDF, GIF, HEIF …) never reach a decoder.
 */
export type ImageType = 'JPEG' | 'PNG' | 'WebP' | 'TIFF' | 'BMP';

const PNG_SIGNATURE = '\x89PNG\r\n\x1a\n';
/** Little or big endian, classic or BigTIFF. */
const TIFF_SIGNATURES = ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'];

export function detectImageType(bytes: Buffer): ImageType | undefined {
  const head = bytes.toString('latin1', 0, 12);
  if (head.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (head.startsWith(PNG_SIGNATURE)) return 'PNG';
  if (head.startsWith('RIFF') && head.endsWith('WEBP')) return 'WebP';
  if (head.startsWith('BM')) return 'BMP';
  return TIFF_SIGNATURES.some((signature) => head.startsWith(signature)) ? 'TIFF' : undefined;
}

/** An animated PNG has an acTL chunk before its first pixels. libvips reads the first frame without an error. */
export function isAnimatedPng(png: Buffer): boolean {
  for (let at = PNG_SIGNATURE.length; at + 8 <= png.length; at += 12 + png.readUInt32BE(at)) {
    const name = png.toString('latin1', at + 4, at + 8);
    if (name === 'acTL') return true;
    if (name === 'IDAT') return false;
  }
  return false;
}
