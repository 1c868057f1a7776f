/** Pictures to send: sound ones of every kind, and files that are not what they say. */
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import type { Sharp } from 'sharp';

const WIDTH = 64;
const HEIGHT = 48;

export function plain(colour: string): Sharp {
  return sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: colour } });
}

/** Noise, so that nothing of it can be left out unnoticed. The same seed is the same picture. */
export function photograph(seed: number, width = WIDTH, height = HEIGHT): Sharp {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => Math.abs(Math.sin((i + 1) * (seed + 1)) * 1e4) % 256,
  );
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Grey, from what each pixel is. */
export function grey(value: (x: number, y: number) => number, width = WIDTH, height = HEIGHT): Sharp {
  const data = Uint8Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
  return sharp(data, { raw: { width, height, channels: 1 } }).toColourspace('b-w');
}

export async function animation(format: 'gif' | 'webp' | 'tiff'): Promise<Buffer> {
  const frames = await Promise.all(['red', 'blue'].map((colour) => plain(colour).png().toBuffer()));
  return sharp(frames, { join: { animated: true } })
    .toFormat(format)
    .toBuffer();
}

const PNG_SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

function chunk(name: string, data: Buffer): Buffer {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length);
  bytes.write(name, 4, 'latin1');
  data.copy(bytes, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

/** A small PNG whose header claims a size that its pixels do not have. */
export function claiming(width: number, height: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  const pixels = deflateSync(Buffer.alloc(1000));
  return Buffer.concat([PNG_SIGNATURE, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

/** An animated PNG is a PNG with a chunk that says so, after the header of 25 bytes. */
export async function animatedPng(): Promise<Buffer> {
  const png = await photograph(1).png().toBuffer();
  const head = PNG_SIGNATURE.length + 25;
  const two = Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]);
  return Buffer.concat([png.subarray(0, head), chunk('acTL', two), png.subarray(head)]);
}

/** The pixels of a picture as it is stored: nothing is turned or converted. */
export async function pixelsOf(
  png: Buffer,
): Promise<{ data: Buffer; channels: number; at(x: number, y: number): number[] }> {
  const { data, info } = await sharp(png, { ignoreIcc: true }).raw().toBuffer({ resolveWithObject: true });
  const { width, channels } = info;
  return {
    data,
    channels,
    at: (x, y) => [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)],
  };
}

/** 24 bits, each line from 0 upwards, in blue, green, and red. */
export function bmp(width: number, height: number, { compression = 0 } = {}): Buffer {
  const stride = Math.floor((width * 24 + 31) / 32) * 4;
  const file = Buffer.alloc(54 + stride * height);
  file.write('BM', 'latin1');
  for (const [at, value] of [
    [10, 54],
    [14, 40],
    [18, width],
    [22, height],
    [30, compression],
  ] as const) {
    file.writeUInt32LE(value, at);
  }
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) for (let i = 0; i < width * 3; i++) file[54 + y * stride + i] = (i + y) % 256;
  return file;
}
