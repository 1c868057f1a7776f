/**
 * Decodes a caller's file to pixels, or throws a typed error that says what is wrong with it. The file is untrusted:
 * its type is read from its bytes, its size from its header, and only then is it decoded.
 */
import { createHash, webcrypto } from 'node:crypto';
import sharp from 'sharp';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import type { ErrorCode } from '../errors.js';
import { ServiceError } from '../errors.js';
import { unclearDepth } from './bitDepth.js';
import type { BmpHeader } from './decodeBmp.js';
import { BmpError, RareBmp, decodeBmp, isOpaqueBmp, isPlainBmp, readBmpHeader } from './decodeBmp.js';
import type { ImageType } from './imageType.js';
import { isAnimatedPng, detectImageType } from './imageType.js';

export const IMAGE_LIMITS = { smallestSide: 32, largestSide: 8192, pixels: 40_000_000 } as const;
const DECODING_SECONDS = 30;

// This process decodes only what callers send. All other decoders of libvips are blocked, the caller bounds concurrent
// decoding (completeUpload.ts), and no image stays in a cache.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadTiff'],
});
sharp.concurrency(1);
sharp.cache(false);

/** 8 bits per channel, row by row. Three channels are sRGB, one is grayscale. */
export interface Pixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/**
 * Upright, sRGB, without metadata. Throws `ServiceError`: IMAGE_TYPE_UNSUPPORTED, IMAGE_UNREADABLE, IMAGE_ANIMATED,
 * IMAGE_SIZE_OUT_OF_RANGE, IMAGE_TRANSPARENT, IMAGE_BIT_DEPTH_UNCLEAR. Training reads the same files to the same
 * numbers (training/defectdiffu/data/image_files.py).
 */
export async function decodePhotograph(file: Buffer): Promise<Pixels> {
  const type = detectType(file);
  if (type === 'BMP') return openBmp(file);
  const header = await inspect(type, file);
  await requireRange(type, file, header);
  const image = openImage(file, { autoOrient: true }).removeAlpha().toColourspace('srgb');
  // sharp converts 16-bit RGB with a profile to Display P3, and only to sRGB if an output profile says so.
  const wide = header.depth === 'ushort' && header.icc !== undefined && header.space !== 'grey16';
  return decode(type, wide ? image.withIccProfile('srgb') : image, 3);
}

/** Like `decodePhotograph`, but grayscale and without color management: the values of a mask are labels, not colors. */
export async function decodeMask(file: Buffer): Promise<Pixels> {
  const type = detectType(file);
  if (type === 'BMP') {
    const { data, ...raw } = await openBmp(file);
    return decode(type, sharp(data, { raw }).toColourspace('b-w'), 1);
  }
  await inspect(type, file);
  return decode(type, openImage(file, { autoOrient: true, ignoreIcc: true }).removeAlpha().toColourspace('b-w'), 1);
}

export interface MaskValues {
  readonly values: Uint16Array;
  readonly width: number;
  readonly height: number;
}

/** Like `decodeMask`, whatever the values are. Those of 8 bits are spread over 16: 255 is 65535. */
export async function decodeMaskValues(file: Buffer): Promise<MaskValues> {
  const type = detectType(file);
  const { data: opened, ...raw } = type === 'BMP' ? await openBmp(file) : { data: file };
  if (type !== 'BMP') await inspect(type, file);
  const image =
    'width' in raw ? sharp(opened, { raw }) : openImage(file, { autoOrient: true, ignoreIcc: true }).removeAlpha();
  const grey = image.toColourspace('grey16').raw({ depth: 'ushort' });
  const { data, info } = await orUnreadable(type, grey.toBuffer({ resolveWithObject: true }));
  const { width, height } = info;
  return { values: new Uint16Array(data.buffer, data.byteOffset, width * height), width, height };
}

export function encodePng({ data, width, height, channels }: Pixels): Promise<Buffer> {
  return (
    sharp(data, { raw: { width, height, channels } })
      // Without a color space, a grayscale image would be stored as RGB.
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .png()
      .toBuffer()
  );
}

/**
 * Hashes the pixels and their dimensions, whatever file they came from. Runs off this thread, because it can be 120 MB.
 */
export async function hashOf({ data, width, height, channels }: Pixels): Promise<string> {
  const pixels = new Uint8Array(await webcrypto.subtle.digest('SHA-256', data as Uint8Array<ArrayBuffer>));
  return createHash('sha256')
    .update(`${String(width)}×${String(height)}×${String(channels)}\n`)
    .update(pixels)
    .digest('hex');
}

function detectType(file: Buffer): ImageType {
  if (file.length === 0) throw imageError('IMAGE_UNREADABLE', 'is empty; send the bytes of the image, not a form');
  const type = detectImageType(file);
  if (type !== undefined) return type;
  throw imageError('IMAGE_TYPE_UNSUPPORTED', 'is not a JPEG, PNG, WebP, TIFF, or BMP, by its first bytes');
}

/** Validates everything that is known before decoding, and that an alpha channel is fully opaque. */
async function inspect(type: ImageType, file: Buffer): Promise<Metadata> {
  // Reading the header is cheap whatever size it claims, and our own message names the bound.
  const header = await orUnreadable(type, sharp(file, { limitInputPixels: false, failOn: 'error' }).metadata());
  if ((header.pages ?? 1) > 1 || (type === 'PNG' && isAnimatedPng(file))) {
    throw imageError('IMAGE_ANIMATED', `has ${String(header.pages ?? 'several')} pages or frames; send one image`);
  }
  requireSize(header);
  requireKind(header);
  if (!header.hasAlpha) return header;
  const { isOpaque } = await orUnreadable(type, openImage(file).stats());
  if (!isOpaque) throw transparent();
  return header;
}

const transparent = (): ServiceError =>
  imageError(
    'IMAGE_TRANSPARENT',
    'is not fully opaque, and its background is unknown; send it without an alpha channel',
  );

/** Values of 10, 12, or 14 bits in a file of 16 would be read as an almost black photograph. */
async function requireRange(
  type: ImageType,
  file: Buffer,
  { depth, space, channels, hasAlpha }: Metadata,
): Promise<void> {
  if (depth !== 'ushort' || (space !== 'rgb16' && space !== 'grey16')) return;
  const open = (): Sharp => openImage(file, { ignoreIcc: true });
  const unclear = await orUnreadable(type, unclearDepth(open, space, hasAlpha ? channels - 1 : channels));
  if (unclear === undefined) return;
  const { largestValue, hotValues, bits } = unclear;
  const hot = hotValues === 0 ? '' : `, but for ${String(hotValues)} hot ${hotValues === 1 ? 'pixel' : 'pixels'}`;
  throw imageError(
    'IMAGE_BIT_DEPTH_UNCLEAR',
    `has 16 bits per channel, but no value above ${String(largestValue)}${hot}: if these are ${String(bits)} bits, ` +
      `multiply the values by ${String(1 << (16 - bits))}; if the photograph is so dark, send it with 8 bits`,
    { largestValue },
  );
}

async function openBmp(file: Buffer): Promise<Pixels> {
  try {
    const header = readBmpHeader(file);
    requirePlainBmp(header);
    requireSize(header);
    if (!(await isOpaqueBmp(file, header))) throw transparent();
    return { data: await decodeBmp(file, header), width: header.width, height: header.height, channels: 3 };
  } catch (error) {
    if (error instanceof RareBmp) throw rareBmp(`with ${error.message}`);
    throw error instanceof BmpError ? unreadable('BMP', error) : error;
  }
}

function requirePlainBmp(header: BmpHeader): void {
  if (isPlainBmp(header)) return;
  throw rareBmp(`of ${String(header.bits)} bits and compression ${String(header.compression)}`);
}

const rareBmp = (variant: string): ServiceError =>
  imageError('IMAGE_TYPE_UNSUPPORTED', `is a BMP ${variant}; send 8, 24, or 32 bits without compression, or PNG`);

function requireSize({ width, height }: { width: number; height: number }): void {
  const size = `is ${String(width)} × ${String(height)} pixels`;
  const { smallestSide, largestSide, pixels } = IMAGE_LIMITS;
  const problem =
    Math.min(width, height) < smallestSide
      ? `the smaller side, ${String(Math.min(width, height))}, is below ${String(smallestSide)}`
      : Math.max(width, height) > largestSide
        ? `the larger side, ${String(Math.max(width, height))}, is above ${String(largestSide)}`
        : width * height > pixels
          ? `${String(width * height)} pixels are more than ${String(pixels)}`
          : undefined;
  if (problem !== undefined) throw imageError('IMAGE_SIZE_OUT_OF_RANGE', `${size}: ${problem}`, { width, height });
}

/** For floats and 32-bit integers, it is unknown which value is white; for more channels, which are the colors. */
function requireKind({ depth, space, channels, hasAlpha }: Metadata): void {
  if (depth !== 'uchar' && depth !== 'ushort') {
    throw imageError('IMAGE_TYPE_UNSUPPORTED', `has values of the type ${depth}; send 8 or 16 bits per channel`);
  }
  const colors = hasAlpha ? channels - 1 : channels;
  if (colors !== 1 && colors !== (space === 'cmyk' ? 4 : 3)) throw tooManyChannels(String(channels));
  if (['srgb', 'rgb', 'rgb16', 'b-w', 'grey16', 'cmyk'].includes(space)) return;
  throw imageError('IMAGE_TYPE_UNSUPPORTED', `is in the color space ${space}; send RGB, grayscale, or CMYK`);
}

const tooManyChannels = (channels: string): ServiceError =>
  imageError('IMAGE_TYPE_UNSUPPORTED', `has ${channels} channels; send RGB, grayscale, or CMYK`);

function openImage(file: Buffer, options: SharpOptions = {}): Sharp {
  const { pixels } = IMAGE_LIMITS;
  return sharp(file, { ...options, limitInputPixels: pixels, failOn: 'error' }).timeout({ seconds: DECODING_SECONDS });
}

/** libvips scales 16 bits to 8 and converts CMYK and other profiles on the way to the color space. */
async function decode(type: ImageType, image: Sharp, channels: 1 | 3): Promise<Pixels> {
  const { data, info } = await orUnreadable(type, image.raw().toBuffer({ resolveWithObject: true }));
  const { width, height } = info;
  if (data.length !== width * height * channels) {
    throw new Error(`a ${type} was decoded to ${String(info.channels)} channels, not ${String(channels)}`);
  }
  return { data, width, height, channels };
}

/** Uses the first line of the message of libvips, which can have many. */
async function orUnreadable<T>(type: ImageType, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unreadable(type, error as Error);
  }
}

function unreadable(type: ImageType, { message }: Error): ServiceError {
  const [reason = ''] = message.split('\n');
  // Of sharp, before it tells how many there are.
  if (reason.includes('exceeds channel limit')) return tooManyChannels('more than 5');
  return imageError(
    'IMAGE_UNREADABLE',
    `cannot be read as a ${type}, it is damaged, truncated, or of a rare kind: ${reason.slice(0, 120)}`,
  );
}

export function imageError(
  code: ErrorCode,
  problem: string,
  details: Readonly<Record<string, unknown>> = {},
): ServiceError {
  return new ServiceError(code, `body: ${problem}`, { field: 'body', ...details });
}
