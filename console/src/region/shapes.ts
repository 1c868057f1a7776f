/** What is drawn on a photograph, in its pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export type Shape =
  | { readonly kind: 'polygon'; readonly points: readonly Point[] }
  /** A line of the brush. */
  | { readonly kind: 'stroke'; readonly points: readonly Point[]; readonly width: number };

/** Pixels. */
const DOT = 0.01;

export type Tool = 'box' | 'polygon' | 'brush';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export function box(from: Point, to: Point): Shape {
  return { kind: 'polygon', points: [from, { x: to.x, y: from.y }, to, { x: from.x, y: to.y }] };
}

/** A click of the brush is a dot: a line without length would paint nothing. */
export function stroke(points: readonly Point[], width: number): Shape {
  const [first] = points;
  const isDot = first !== undefined && points.every(({ x, y }) => x === first.x && y === first.y);
  return { kind: 'stroke', points: isDot ? [first, { x: first.x + DOT, y: first.y }] : points, width };
}

/** Undefined if some shape is no polygon, so that only a mask can say it. */
export function toPolygons(shapes: readonly Shape[]): Point[][] | undefined {
  if (shapes.some(({ kind }) => kind !== 'polygon')) return undefined;
  return shapes.map(({ points }) => [...points]);
}

/** A PNG file: white where something is drawn, otherwise black, and nothing between. */
export async function toMask(shapes: readonly Shape[], { width, height }: Size): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('this browser has no 2D canvas');
  context.fillRect(0, 0, width, height);
  context.fillStyle = context.strokeStyle = 'white';
  Object.assign(context, { lineCap: 'round', lineJoin: 'round' });
  for (const shape of shapes) {
    context.beginPath();
    for (const { x, y } of shape.points) context.lineTo(x, y);
    if (shape.kind === 'polygon') context.fill();
    else {
      context.lineWidth = shape.width;
      context.stroke();
    }
  }
  const pixels = context.getImageData(0, 0, width, height);
  for (let index = 0; index < pixels.data.length; index += 4) {
    pixels.data.fill((pixels.data[index] ?? 0) < 128 ? 0 : 255, index, index + 3);
  }
  context.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
