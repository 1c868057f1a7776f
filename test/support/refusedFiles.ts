/** Files that the service refuses, with the status, the code, and the message of the refusal. */
import { setTimeout as wait } from 'node:timers/promises';
import sharp from 'sharp';
import { animatedPng, animation, bmp, claiming, grey, photograph } from './photographs.js';

const png = () => photograph(7).png().toBuffer();
const half = (file: Buffer) => file.subarray(0, Math.floor(file.length / 2));
const text = (value: string) => Promise.resolve(Buffer.from(value));
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>';
const black = (pixel: number) => grey((x, y) => (x === 3 && y === 3 ? pixel : x > 40 ? 255 : 0));
const unsupported = 'body: is not a JPEG, PNG, WebP, TIFF, or BMP, by its first bytes';
const cut = (type: string) =>
  new RegExp(`^body: cannot be read as a ${type}, it is damaged, truncated, or of a rare kind: .+`);

/** A TIFF of 64 × 48 pixels with seven channels, as spectral cameras write it. */
function manyChannels(): Promise<Buffer> {
  const tags = [...[256, 64, 257, 48, 258, 8, 259, 1, 262, 1, 273, 128, 277, 7, 278, 48], ...[279, 64 * 48 * 7]];
  const file = Buffer.alloc(128 + 64 * 48 * 7);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(8, 4);
  file.writeUInt16LE(tags.length / 2, 8);
  for (const [i, value] of tags.entries()) {
    const at = 10 + 12 * Math.floor(i / 2);
    if (i % 2 === 0) file.writeUInt32LE(value + 4 * 2 ** 16, at);
    else file.writeUInt32LE(value, file.writeUInt32LE(1, at + 4));
  }
  return Promise.resolve(file);
}

function ofOs2(file: Buffer): Buffer {
  file.writeUInt32LE(12, 14);
  return file;
}

type RefusedFile = [name: string, file: () => Promise<Buffer>, status: number, code: string, message: string | RegExp];

export const refusedPhotographs: readonly RefusedFile[] = [
  ['nothing', () => text(''), 422, 'IMAGE_UNREADABLE', /^body: is empty/],
  ['text', () => text('this is no picture'), 415, 'IMAGE_TYPE_UNSUPPORTED', unsupported],
  ['an SVG', () => text(svg), 415, 'IMAGE_TYPE_UNSUPPORTED', unsupported],
  ['a PDF', () => text('%PDF-1.7\n'), 415, 'IMAGE_TYPE_UNSUPPORTED', unsupported],
  ['an animated GIF', () => animation('gif'), 415, 'IMAGE_TYPE_UNSUPPORTED', unsupported],
  ['an animated WebP', () => animation('webp'), 422, 'IMAGE_ANIMATED', /^body: has 2 pages or frames/],
  ['a TIFF of two pages', () => animation('tiff'), 422, 'IMAGE_ANIMATED', /^body: has 2 pages or frames/],
  ['an animated PNG', animatedPng, 422, 'IMAGE_ANIMATED', /^body: has several pages or frames/],
  ['half a JPEG', async () => half(await photograph(7).jpeg().toBuffer()), 422, 'IMAGE_UNREADABLE', cut('JPEG')],
  ['half a PNG', async () => half(await png()), 422, 'IMAGE_UNREADABLE', cut('PNG')],
  ['half a WebP', async () => half(await photograph(7).webp().toBuffer()), 422, 'IMAGE_UNREADABLE', cut('WebP')],
  ['half a TIFF', async () => half(await photograph(7).tiff().toBuffer()), 422, 'IMAGE_UNREADABLE', cut('TIFF')],
  ['a PNG of its signature alone', async () => (await png()).subarray(0, 8), 422, 'IMAGE_UNREADABLE', cut('PNG')],
  [
    '1 × 1',
    () => photograph(7, 1, 1).png().toBuffer(),
    422,
    'IMAGE_SIZE_OUT_OF_RANGE',
    'body: is 1 × 1 pixels: the smaller side, 1, is below 32',
  ],
  [
    'a narrow strip',
    () => photograph(7, 200, 31).jpeg().toBuffer(),
    422,
    'IMAGE_SIZE_OUT_OF_RANGE',
    'body: is 200 × 31 pixels: the smaller side, 31, is below 32',
  ],
  [
    'a small file that claims 20000 × 20000',
    () => Promise.resolve(claiming(20_000, 20_000)),
    422,
    'IMAGE_SIZE_OUT_OF_RANGE',
    'body: is 20000 × 20000 pixels: the larger side, 20000, is above 8192',
  ],
  [
    'a small file that claims 8000 × 8000',
    () => Promise.resolve(claiming(8000, 8000)),
    422,
    'IMAGE_SIZE_OUT_OF_RANGE',
    'body: is 8000 × 8000 pixels: 64000000 pixels are more than 40000000',
  ],
  [
    'a half transparent one',
    () => photograph(7).ensureAlpha(0.5).png().toBuffer(),
    422,
    'IMAGE_TRANSPARENT',
    /^body: is not fully opaque/,
  ],
  [
    'values of 12 bits in 16',
    () => {
      const values = Uint16Array.from({ length: 64 * 48 }, (_, i) => 1900 + (i % 300));
      const raw = { width: 64, height: 48, channels: 1 } as const;
      return sharp(values, { raw }).toColourspace('grey16').png().toBuffer();
    },
    422,
    'IMAGE_BIT_DEPTH_UNCLEAR',
    'body: has 16 bits per channel, but no value above 2199: if these are 12 bits, multiply the values by 16; ' +
      'if the photograph is so dark, send it with 8 bits',
  ],
  [
    'a BMP with run lengths',
    () => Promise.resolve(bmp(64, 48, { compression: 1 })),
    415,
    'IMAGE_TYPE_UNSUPPORTED',
    'body: is a BMP of 24 bits and compression 1; send 8, 24, or 32 bits without compression, or PNG',
  ],
  [
    'a BMP that claims more than it has',
    () => Promise.resolve(bmp(64, 48).subarray(0, 5000)),
    422,
    'IMAGE_UNREADABLE',
    'body: cannot be read as a BMP, it is damaged, truncated, or of a rare kind: it ends after 5000 of 9270 bytes',
  ],
  [
    'a BMP of OS/2',
    () => Promise.resolve(ofOs2(bmp(64, 48))),
    415,
    'IMAGE_TYPE_UNSUPPORTED',
    'body: is a BMP with a header of 12 bytes; send 8, 24, or 32 bits without compression, or PNG',
  ],
  [
    'seven channels',
    manyChannels,
    415,
    'IMAGE_TYPE_UNSUPPORTED',
    'body: has more than 5 channels; send RGB, grayscale, or CMYK',
  ],
  [
    'a small BMP',
    () => Promise.resolve(bmp(16, 48)),
    422,
    'IMAGE_SIZE_OUT_OF_RANGE',
    'body: is 16 × 48 pixels: the smaller side, 16, is below 32',
  ],
  [
    'floating point',
    () => photograph(7).tiff({ compression: 'deflate', predictor: 'float' }).toBuffer(),
    415,
    'IMAGE_TYPE_UNSUPPORTED',
    'body: has values of the type float; send 8 or 16 bits per channel',
  ],
];
export const refusedMasks: typeof refusedPhotographs = [
  [
    'a mask with one grey pixel',
    () => black(128).png().toBuffer(),
    422,
    'MASK_NOT_BINARY',
    'body: every pixel must be 0 or 255; there is 1 other value (128) in 1 pixel; write 255 where the defect is, not 128',
  ],
  [
    'a mask of 0 and 1',
    () =>
      grey((x) => (x > 31 ? 1 : 0))
        .png()
        .toBuffer(),
    422,
    'MASK_NOT_BINARY',
    'body: every pixel must be 0 or 255; there is 1 other value (1) in 1536 pixels; write 255 where the defect is, not 1',
  ],
  [
    'a photograph for a mask',
    png,
    422,
    'MASK_NOT_BINARY',
    /there are \d+ other values \(\d+, \d+, \d+, \d+, \d+ …\) in \d+ pixels; save the mask without smoothing, as PNG$/,
  ],
  [
    'an empty mask',
    () =>
      grey(() => 0)
        .png()
        .toBuffer(),
    422,
    'MASK_EMPTY',
    /^body: is all black/,
  ],
  [
    'a mask of everything',
    () =>
      grey(() => 255)
        .png()
        .toBuffer(),
    422,
    'MASK_FULL',
    /^body: is all white/,
  ],
  [
    'a mask of 1 × 1',
    () =>
      grey(() => 255, 1, 1)
        .png()
        .toBuffer(),
    422,
    'IMAGE_SIZE_OUT_OF_RANGE',
    'body: is 1 × 1 pixels: the smaller side, 1, is below 32',
  ],
  ['half a mask', async () => half(await black(0).png().toBuffer()), 422, 'IMAGE_UNREADABLE', cut('PNG')],
];

/** Ends only because the server does not wait for it. */
export function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      await wait(1);
      controller.enqueue(new Uint8Array(50_000));
    },
  });
}
