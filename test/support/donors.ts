/** Defective photographs for transplants: the fabric with a dark spot, and the mask of the spot. */
import sharp from 'sharp';
import { fabric, maskOf, server } from './photographStage.js';
import type { Json } from './server.js';
import { send } from './uploads.js';

export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export const SPOT: Spot = { x: 120, y: 140, radius: 14 };

const inside = ({ x, y, radius }: Spot, u: number, v: number): boolean => (u - x) ** 2 + (v - y) ** 2 < radius ** 2;

export async function spotted(spot: Spot = SPOT): Promise<Buffer> {
  const { data, info } = await sharp(fabric).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const dark = data.map((value, i) => {
    const pixel = Math.floor(i / 3);
    return inside(spot, pixel % width, Math.floor(pixel / width)) ? Math.floor(value / 4) : value;
  });
  return sharp(dark, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

export const spotMask = (spot: Spot = SPOT): Promise<Json> => maskOf(256, 256, (x, y) => inside(spot, x, y));

/** An uploaded donor. */
export async function donorOf(partNumber: string, defectCode: string, spot: Spot = SPOT): Promise<Json> {
  const mask = await spotMask(spot);
  return send(server, await spotted(spot), { purpose: 'REFERENCE', partNumber, defectCode, maskId: mask.id });
}
