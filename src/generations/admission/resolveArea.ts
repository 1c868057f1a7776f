/** Areas of a picture as a caller gives them, an uploaded mask or polygons, and what is checked of them. */
import { badInput } from '../../errors.js';
import { polygonsExtent } from '../../inference/index.js';
import type { Area } from '../../storage/jsonColumns.js';
import { requireInRange } from '../../range.js';
import type { AreaInput, PointInput } from './generationInput.js';
import type { ImageSize, InputImages } from './inputImages.js';

/** Of the box round an area, in pixels. */
interface Extent {
  readonly width: number;
  readonly height: number;
}

const MAX_POLYGONS = 64;
const MAX_POINTS = 2_000;

export function resolveArea(
  pictures: InputImages,
  { maskId, polygons }: AreaInput,
  drawnOn: readonly ImageSize[],
  field: string,
): { area: Area; extent: Extent } {
  if ((maskId != null) === (polygons != null)) throw badInput(field, 'give either maskId or polygons');
  if (maskId != null) {
    const mask = pictures.mask(maskId, `${field}.maskId`);
    for (const { id, width, height } of drawnOn) {
      if (mask.width !== width || mask.height !== height)
        throw badInput(
          `${field}.maskId`,
          `is ${String(mask.width)} × ${String(mask.height)} pixels, the picture ${id} ${String(width)} × ${String(height)}`,
        );
    }
    return { area: { maskId }, extent: { width: mask.extentWidth, height: mask.extentHeight } };
  }
  const checked = validatePolygons(polygons ?? [], drawnOn, `${field}.polygons`);
  const [picture] = drawnOn;
  const extent = polygonsExtent(checked, picture?.width ?? 0, picture?.height ?? 0);
  if (extent.width === 0) throw badInput(`${field}.polygons`, 'cover the middle of no pixel: nothing may change');
  return { area: { polygons: checked }, extent };
}

/** A region that is drawn in as it is: a square of the picture must hold it, for the model draws squares. */
export function resolveOwnRegion(
  pictures: InputImages,
  asked: AreaInput,
  drawnOn: readonly ImageSize[],
  field: string,
): Area {
  const { area, extent } = resolveArea(pictures, asked, drawnOn, field);
  for (const { id, width, height } of drawnOn) {
    if (Math.max(extent.width, extent.height) > Math.min(width, height))
      throw badInput(
        field,
        `is ${String(extent.width)} × ${String(extent.height)} pixels in extent; it must fit into a square of ` +
          `${String(Math.min(width, height))}, the shorter side of the picture ${id}; divide it`,
      );
  }
  return area;
}

function validatePolygons(
  polygons: readonly (readonly PointInput[])[],
  drawnOn: readonly ImageSize[],
  field: string,
): readonly (readonly [number, number])[][] {
  const points = polygons.reduce((sum, polygon) => sum + polygon.length, 0);
  if (polygons.length < 1 || polygons.length > MAX_POLYGONS)
    throw badInput(field, `must have 1 … ${String(MAX_POLYGONS)} polygons, has ${String(polygons.length)}`);
  if (points > MAX_POINTS) throw badInput(field, `have ${String(points)} points, may have ${String(MAX_POINTS)}`);
  const bounds = {
    x: { min: 0, max: Math.min(...drawnOn.map(({ width }) => width)) },
    y: { min: 0, max: Math.min(...drawnOn.map(({ height }) => height)) },
  };
  return polygons.map((polygon, p) => {
    const here = `${field}[${String(p)}]`;
    if (polygon.length < 3) throw badInput(here, `must have 3 points or more, has ${String(polygon.length)}`);
    return polygon.map(({ x, y }, i): [number, number] => [
      requireInRange(x, bounds.x, `${here}[${String(i)}].x`),
      requireInRange(y, bounds.y, `${here}[${String(i)}].y`),
    ]);
  });
}
