/**
 * The foreground of a photograph: where the part lies, if it stands out from what is at the photograph's border. Colors that are common
 * at the border are the background. The rest is split from it by the iterative threshold of the distance to these colors. The outcome
 * counts only if both are clearly apart; a photograph that shows nothing but the part has no foreground.
 * Reference: training/defectdiffu/sampling/foreground.py.
 */
import { componentMask, connectedComponents } from './connectedComponents.js';
import type { ConnectedComponent } from './connectedComponents.js';
import { iterativeThreshold } from './maskThreshold.js';
import type { Size } from './window.js';

/** In pixels. The photograph is reduced to this to look for the foreground. */
const LONGER_SIDE = 96;
/** Width of the border relative to the shorter side. */
const BORDER = 0.04;
/** At most, of the border. */
const COLORS = 4;
const CLUSTERING_ROUNDS = 10;
/** Share of the border. A rarer color may be a neighboring part. */
const MIN_COLOR_SHARE = 0.08;
/** In which the outline of a piece is measured. */
const DIRECTIONS = 32;
/** Relative to the longer side. Defects lie on the edge of the part, too. */
const OUTSET = 0.04;
/** Relative to the largest piece. */
const MIN_PIECE = 0.05;
/** Of the photograph. */
const [MIN_SHARE, MAX_SHARE] = [0.1, 0.85];
/** Variance between background and foreground, of the whole variance of the distances. */
const MIN_SEPARATION = 0.65;
/** Share of the outline that stands out. */
const MIN_SOLIDITY = 0.75;
/** Mean distance of the foreground from the background's colors, 0 … 255. */
const MIN_CONTRAST = 30;
/** Relative to the distance that nine tenths of the background keep. */
const MIN_CONTRAST_RATIO = 2;

type Color = readonly [number, number, number];

/** The size at which the foreground of a photograph is looked for. */
export function reducedSize({ width, height }: Size): Size {
  const scale = Math.min(1, LONGER_SIDE / Math.max(width, height));
  const reduced = (side: number): number => Math.max(1, Math.floor(side * scale + 0.5));
  return { width: reduced(width), height: reduced(height) };
}

/**
 * The convex outline of each piece, with a margin: [h·w] of 0 and 1; `null` if nothing stands out.
 * @param rgb [h·w·3], reduced
 * @param outset the margin, relative to the longer side
 */
export function findForeground(rgb: Uint8Array, size: Size, outset = OUTSET): Uint8Array | null {
  const pixels = Array.from({ length: size.width * size.height }, (_, i): Color => {
    return [rgb[3 * i] ?? 0, rgb[3 * i + 1] ?? 0, rgb[3 * i + 2] ?? 0];
  });
  const background = commonColors(pixels.filter((_, i) => isBorder(i, size)));
  const distance = Float64Array.from(pixels, (color) =>
    Math.sqrt(Math.min(...background.map((other) => squaredDistance(color, other))) / 3),
  );
  const threshold = iterativeThreshold(distance);
  const apart = Uint8Array.from(distance, (value) => (value >= threshold ? 1 : 0));
  if (!apart.includes(0)) return null;
  const [inside, outside] = [distance.filter((_, i) => apart[i] === 1), distance.filter((_, i) => apart[i] === 0)];
  const standsOut =
    mean(inside) >= MIN_CONTRAST &&
    mean(inside) >= MIN_CONTRAST_RATIO * quantile(outside, 0.9) &&
    separation(distance, inside, outside) >= MIN_SEPARATION;
  if (!standsOut) return null;
  const outline = outlines(apart, size, 0);
  const outlined = sum(outline);
  const solid = sum(apart.map((value, i) => value & (outline[i] ?? 0)));
  const isPart =
    outlined >= MIN_SHARE * apart.length && outlined <= MAX_SHARE * apart.length && solid >= MIN_SOLIDITY * outlined;
  return isPart ? outlines(apart, size, outset) : null;
}

/** A reduced area at the photograph's size. */
export function enlargeArea(area: Uint8Array, reduced: Size, { width, height }: Size): Uint8Array {
  const whole = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * reduced.height) / height) * reduced.width;
    for (let x = 0; x < width; x++) whole[y * width + x] = area[row + Math.floor((x * reduced.width) / width)] ?? 0;
  }
  return whole;
}

function isBorder(pixel: number, { width, height }: Size): boolean {
  const thickness = Math.max(2, Math.floor(BORDER * Math.min(width, height) + 0.5));
  const [x, y] = [pixel % width, Math.floor(pixel / width)];
  return Math.min(x, y, width - 1 - x, height - 1 - y) < thickness;
}

/** k-means from colors that are spread over the brightnesses, without the rare ones. */
function commonColors(border: readonly Color[]): Color[] {
  const brightness = ([r, g, b]: Color): number => r + g + b;
  const ordered = border.toSorted((a, b) => brightness(a) - brightness(b));
  let centers = Array.from(
    { length: COLORS },
    (_, i): Color => ordered[Math.floor(((2 * i + 1) * ordered.length) / (2 * COLORS))] ?? [0, 0, 0],
  );
  let members: Color[][] = [];
  for (let round = 0; round < CLUSTERING_ROUNDS; round++) {
    members = centers.map(() => []);
    for (const color of border) members[nearest(color, centers)]?.push(color);
    centers = centers.map((center, i) => meanColor(members[i] ?? []) ?? center);
  }
  return centers.filter((_, i) => (members[i]?.length ?? 0) >= MIN_COLOR_SHARE * border.length);
}

function nearest(color: Color, centers: readonly Color[]): number {
  const distances = centers.map((center) => squaredDistance(color, center));
  return distances.indexOf(Math.min(...distances));
}

function meanColor(colors: readonly Color[]): Color | null {
  if (colors.length === 0) return null;
  const channel = (i: 0 | 1 | 2): number => colors.reduce((total, color) => total + color[i], 0) / colors.length;
  return [channel(0), channel(1), channel(2)];
}

function squaredDistance(a: Color, b: Color): number {
  return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
}

/** The convex outlines of the largest piece and of those others that are whole and not small. */
function outlines(apart: Uint8Array, size: Size, outset: number): Uint8Array {
  const pieces = connectedComponents(apart, size.width);
  const least = MIN_PIECE * (pieces[0]?.pixels ?? 0);
  const chosen = pieces.filter((piece, i) => i === 0 || (piece.pixels >= least && isWhole(piece, size)));
  const area = new Uint8Array(apart.length);
  for (const piece of chosen) addConvexOutline(area, apart, piece, size, outset * Math.max(size.width, size.height));
  return area;
}

function isWhole({ box }: ConnectedComponent, { width, height }: Size): boolean {
  return box.x > 0 && box.y > 0 && box.x + box.width < width && box.y + box.height < height;
}

/** Sets the pixels that lie in no direction farther than the piece and `outset` pixels. */
function addConvexOutline(
  area: Uint8Array,
  apart: Uint8Array,
  piece: ConnectedComponent,
  { width }: Size,
  outset: number,
): void {
  const { box } = piece;
  const members = [...componentMask(piece).entries()].filter(([, value]) => value === 1);
  const limits = Array.from({ length: DIRECTIONS }, (_, k) => {
    const angle = (2 * Math.PI * k) / DIRECTIONS;
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    const along = members.map(([i]) => (box.x + (i % box.width)) * dx + (box.y + Math.floor(i / box.width)) * dy);
    return { dx, dy, limit: along.reduce((most, value) => Math.max(most, value), -Infinity) + outset + 1e-9 };
  });
  for (let i = 0; i < area.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (limits.every(({ dx, dy, limit }) => x * dx + y * dy <= limit)) area[i] = 1;
  }
}

/** Otsu's criterion of the split, 0 … 1. */
function separation(all: Float64Array, inside: Float64Array, outside: Float64Array): number {
  const share = inside.length / all.length;
  const middle = mean(all);
  const variance = mean(all.map((value) => (value - middle) ** 2));
  return (share * (1 - share) * (mean(inside) - mean(outside)) ** 2) / Math.max(variance, 1e-9);
}

/** The value that this share of them lies below. */
function quantile(values: Float64Array, share: number): number {
  return values.toSorted()[Math.floor(share * (values.length - 1))] ?? 0;
}

function mean(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function sum(values: Uint8Array): number {
  return values.reduce((total, value) => total + value, 0);
}
