/** Checks the areas of an image that a caller gives, as an uploaded mask or as polygons. */
import { badInput } from '../../errors.js';
import { polygonsExtent } from '../../inference/index.js';
import type { Area } from '../../storage/jsonColumns.js';
import { requireInRange, requireLength } from '../../range.js';
import type { AreaInput, PointInput } from './generationInput.js';
import type { SizedImage, InputImages } from './inputImages.js';

/** The size of an area's bounding box, in pixels. */
interface Extent {
  readonly width: number;
  readonly height: number;
}

const MAX_POLYGONS = 64;
const MAX_POINTS = 2_000;

export function resolveArea(
  images: InputImages,
  { maskId, polygons }: AreaInput,
  drawnOn: readonly SizedImage[],
  field: string,
): { area: Area; extent: Extent } {
  if ((maskId != null) === (polygons != null)) throw badInput(field, 'give either maskId or polygons');
  if (maskId != null) {
    const mask = images.mask(maskId, `${field}.maskId`);
    for (const { id, width, height } of drawnOn) {
      if (mask.width !== width || mask.height !== height)
        throw badInput(
          `${field}.maskId`,
          `is ${String(mask.width)} × ${String(mask.height)} pixels, but the image ${id} is ${String(width)} × ${String(height)}`,
        );
    }
    return { area: { maskId }, extent: { width: mask.extentWidth, height: mask.extentHeight } };
  }
  const checked = validatePolygons(polygons ?? [], drawnOn, `${field}.polygons`);
  const [image] = drawnOn;
  const extent = polygonsExtent(checked, image?.width ?? 0, image?.height ?? 0);
  if (extent.width === 0) throw badInput(`${field}.polygons`, 'cover no pixel center, so nothing could change');
  return { area: { polygons: checked }, extent };
}

/** A region that the defect is drawn in exactly. It must fit into a square of the image, because the model draws squares. */
export function resolveOwnRegion(
  images: InputImages,
  input: AreaInput,
  drawnOn: readonly SizedImage[],
  field: string,
): Area {
  const { area, extent } = resolveArea(images, input, drawnOn, field);
  for (const { id, width, height } of drawnOn) {
    if (Math.max(extent.width, extent.height) > Math.min(width, height))
      throw badInput(
        field,
        `is ${String(extent.width)} × ${String(extent.height)} pixels in extent; it must fit into a square of ` +
          `${String(Math.min(width, height))}, the shorter side of the image ${id}; divide it`,
      );
  }
  return area;
}

function validatePolygons(
  polygons: readonly (readonly PointInput[])[],
  drawnOn: readonly SizedImage[],
  field: string,
): readonly (readonly [number, number])[][] {
  const points = polygons.reduce((sum, polygon) => sum + polygon.length, 0);
  requireLength(polygons, { min: 1, max: MAX_POLYGONS }, field, 'polygons');
  if (points > MAX_POINTS) throw badInput(field, `have ${String(points)} points, more than ${String(MAX_POINTS)}`);
  const bounds = {
    x: { min: 0, max: Math.min(...drawnOn.map(({ width }) => width)) },
    y: { min: 0, max: Math.min(...drawnOn.map(({ height }) => height)) },
  };
  return polygons.map((polygon, p) => {
    const here = `${field}[${String(p)}]`;
    if (polygon.length < 3) throw badInput(here, `must have at least 3 points, has ${String(polygon.length)}`);
    return polygon.map(({ x, y }, i): [number, number] => [
      requireInRange(x, bounds.x, `${here}[${String(i)}].x`),
      requireInRange(y, bounds.y, `${here}[${String(i)}].y`),
    ]);
  });
}
