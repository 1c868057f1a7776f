/**
 * Reads uncompressed BMP files, as cameras and frame grabbers write them; libvips has no decoder for them, and the
 * packages that do read few of their variants or all at once, without a turn of the event loop. Training reads the same
 * files to the same numbers (training/defectdiffu/data/bmp.py).
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';

const FILE_HEADER = 14;
const LEAST_HEADER = 40;
export const BMP_HEADER_BYTES = FILE_HEADER + LEAST_HEADER;
const DEPTHS = [1, 4, 8, 24, 32];
/** Pixels that are converted before the event loop may run: a few milliseconds. */
const CHUNK = 500_000;

export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  /** The first line of the file is the lowest of the image. */
  readonly bottomUp: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where the pixels begin, and bytes per line. */
  readonly start: number;
  readonly stride: number;
  /** RGB, three bytes for each colour. Empty for 24 and 32 bits. */
  readonly palette: Buffer;
}

/** The file is damaged; the message says how. */
export class BmpError extends Error {
  override readonly name = 'BmpError';
}

/** The file is of a variant that is not read. */
export class RareBmp extends Error {
  override readonly name = 'RareBmp';
}

/** Throws `BmpError`, `RareBmp`. Whether the variant is one that `decodeBmp` reads is told by `isPlainBmp`. */
export function readBmpHeader(file: Buffer): BmpHeader {
  if (file.length < BMP_HEADER_BYTES) throw new BmpError('its header is cut off');
  const size = file.readUInt32LE(14);
  if (size < LEAST_HEADER) throw new RareBmp(`a header of ${String(size)} bytes`);
  const lines = file.readInt32LE(22);
  const header = {
    width: file.readInt32LE(18),
    height: Math.abs(lines),
    bottomUp: lines > 0,
    bits: file.readUInt16LE(28),
    compression: file.readUInt32LE(30),
    start: file.readUInt32LE(10),
    stride: 0,
    palette: Buffer.alloc(0),
  };
  if (!isPlainBmp(header)) return header;
  if (header.width <= 0 || lines === 0) throw new BmpError(`it is ${String(header.width)} × ${String(lines)} pixels`);
  const stride = Math.floor((header.width * header.bits + 31) / 32) * 4;
  const end = header.start + header.height * stride;
  if (end > file.length) throw new BmpError(`it ends after ${String(file.length)} of ${String(end)} bytes`);
  return { ...header, stride, palette: readPalette(file, header.bits, FILE_HEADER + size, header.start) };
}

/** By its header alone. Undefined for other files. */
export function bmpSize(beginning: Buffer): { readonly width: number; readonly height: number } | undefined {
  if (beginning.length < BMP_HEADER_BYTES || beginning.toString('latin1', 0, 2) !== 'BM') return undefined;
  return { width: Math.abs(beginning.readInt32LE(18)), height: Math.abs(beginning.readInt32LE(22)) };
}

export function isPlainBmp({ bits, compression }: BmpHeader): boolean {
  return compression === 0 && DEPTHS.includes(bits);
}

/** The fourth byte of 32 bits is unused, and then 0, or an alpha channel. */
export async function isOpaqueBmp(file: Buffer, { bits, start, stride, height }: BmpHeader): Promise<boolean> {
  if (bits !== 32) return true;
  const first = file[start + 3];
  if (first !== 0 && first !== 255) return false;
  const linesPerTurn = Math.max(1, Math.floor((CHUNK * 4) / stride));
  for (let line = 0; line < height; line++) {
    const at = start + line * stride;
    for (let i = at + 3; i < at + stride; i += 4) if (file[i] !== first) return false;
    if (line % linesPerTurn === linesPerTurn - 1) await turnOfTheLoop();
  }
  return true;
}

/** RGB, row by row from the top. Throws `BmpError`. */
export async function decodeBmp(file: Buffer, header: BmpHeader): Promise<Buffer> {
  const { width, height, bottomUp, start, stride } = header;
  const data = Buffer.allocUnsafe(width * height * 3);
  const linesPerTurn = Math.max(1, Math.floor(CHUNK / width));
  for (let y = 0; y < height; y++) {
    const at = start + (bottomUp ? height - 1 - y : y) * stride;
    writeLine(file.subarray(at, at + stride), data.subarray(y * width * 3, (y + 1) * width * 3), header);
    if (y % linesPerTurn === linesPerTurn - 1) await turnOfTheLoop();
  }
  return data;
}

function writeLine(line: Buffer, to: Buffer, { width, bits, palette }: BmpHeader): void {
  if (bits >= 24) {
    const bytes = bits / 8;
    for (let x = 0, from = 0, at = 0; x < width; x++, from += bytes, at += 3) {
      to[at] = line[from + 2] ?? 0;
      to[at + 1] = line[from + 1] ?? 0;
      to[at + 2] = line[from] ?? 0;
    }
    return;
  }
  const perByte = 8 / bits;
  const colours = palette.length / 3;
  for (let x = 0, at = 0; x < width; x++, at += 3) {
    const shift = 8 - bits - (x % perByte) * bits;
    const index = ((line[Math.floor(x / perByte)] ?? 0) >> shift) & ((1 << bits) - 1);
    if (index >= colours) throw new BmpError(`it uses colour ${String(index)} of a palette of ${String(colours)}`);
    to[at] = palette[index * 3] ?? 0;
    to[at + 1] = palette[index * 3 + 1] ?? 0;
    to[at + 2] = palette[index * 3 + 2] ?? 0;
  }
}

/** The file has blue, green, red, and an unused byte for each colour. */
function readPalette(file: Buffer, bits: number, at: number, end: number): Buffer {
  if (bits > 8) return Buffer.alloc(0);
  const listed = file.readUInt32LE(46);
  const count = listed === 0 ? 1 << bits : listed;
  if (count > 256 || at + 4 * count > end) throw new BmpError(`its palette of ${String(count)} colours does not fit`);
  const palette = Buffer.alloc(count * 3);
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) palette[i * 3 + c] = file[at + i * 4 + 2 - c] ?? 0;
  return palette;
}
