/**
 * The outline of a region as one polygon along the borders of its pixels; the reverse of rasterizing polygons. A region with holes is
 * still one polygon: a vertical cut joins each hole to the border above it. The cut is walked down and up again, so it encloses
 * nothing. Filled by the even-odd rule, the polygon is the region, pixel by pixel, and its area (shoelace formula) is the number of
 * pixels.
 */
import type { Region } from './regions.js';

export type Point = readonly [x: number, y: number];

/** A pixel corner on the border, as the walk passes it. */
interface Corner {
  readonly x: number;
  readonly y: number;
  readonly loop: number;
  next: Corner;
}

/** East, south, west, north. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/** Clockwise from the left end of the region's top row, in pixels from the top left corner of the image. */
export function polygonOutline({ box, mask }: Region): Point[] {
  const { width, height } = box;
  const inside = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x] === 1;
  const corners = new Map<number, Corner[]>();
  const placeOf = (x: number, y: number): number => y * (width + 1) + x;
  /** Pixels whose upper border has been walked. */
  const walked = new Uint8Array(mask.length);
  const starts: Corner[] = [];

  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (inside(x, y) && !inside(x, y - 1) && walked[y * width + x] === 0) starts.push(walk(x, y, starts.length));
    }
  }
  const [outer, ...holes] = starts;
  if (outer === undefined) return [];
  for (const hole of holes) join(topOf(hole));
  return turnsOf(outer).map(([x, y]) => [x + box.x, y + box.y]);

  /** Walks along the border, with the region on the right, until the loop closes. */
  function walk(startX: number, startY: number, loop: number): Corner {
    let [x, y, direction] = [startX, startY, 0];
    const first = corner(x, y, loop);
    for (let last = first; ;) {
      if (direction === 0) walked[y * width + x] = 1;
      const [dx, dy] = STEPS[direction] ?? STEPS[0];
      [x, y] = [x + dx, y + dy];
      direction = turn(x, y, direction);
      if (x === startX && y === startY && direction === 0) return first;
      const next = corner(x, y, loop);
      next.next = last.next;
      last.next = next;
      last = next;
    }
  }

  /** Pixels that touch at a corner belong to one region, so at a corner with two ways the walk crosses over, to the left. */
  function turn(x: number, y: number, direction: number): number {
    const [dx, dy] = STEPS[direction] ?? STEPS[0];
    // The two pixels ahead of the corner (x, y); the pixel to its upper left is (x − 1, y − 1).
    const aheadLeft = inside(x + (dx + dy - 1) / 2, y + (dy - dx - 1) / 2);
    const aheadRight = inside(x + (dx - dy - 1) / 2, y + (dy + dx - 1) / 2);
    if (aheadLeft) return (direction + 3) % 4;
    return aheadRight ? direction : (direction + 1) % 4;
  }

  function corner(x: number, y: number, loop: number): Corner {
    const made: Corner = { x, y, loop, next: undefined as unknown as Corner };
    made.next = made;
    const here = corners.get(placeOf(x, y));
    if (here === undefined) corners.set(placeOf(x, y), [made]);
    else here.push(made);
    return made;
  }

  /** Above the top of a hole lies the region, and above that a border that reaches higher than the hole. */
  function join(from: Corner): void {
    for (let y = from.y; y >= 0; y--) {
      const to = corners.get(placeOf(from.x, y))?.find(({ loop }) => loop !== from.loop);
      if (to === undefined) continue;
      const back: Corner = { ...to };
      const down: Corner = { ...from };
      to.next = down;
      from.next = back;
      return;
    }
    throw new Error('a hole has no border above it');
  }
}

/** The left end of the highest border of a loop. */
function topOf(start: Corner): Corner {
  let top = start;
  for (let at = start.next; at !== start; at = at.next) if (at.y < top.y || (at.y === top.y && at.x < top.x)) top = at;
  return top;
}

/** The points at which the walk changes direction. `start` is one of them. */
function turnsOf(start: Corner): Point[] {
  const points: Corner[] = [start];
  let at = start;
  do {
    at = at.next;
    const last = points.at(-1) ?? start;
    const before = points.at(-2);
    if (at.x === last.x && at.y === last.y) continue;
    if (before !== undefined && sameWay(before, last, at)) points.pop();
    points.push(at);
  } while (at !== start);
  // The walk ends at the turn where it started, which would be listed twice.
  return points.slice(0, -1).map(({ x, y }) => [x, y]);
}

function sameWay(a: Corner, b: Corner, c: Corner): boolean {
  return Math.sign(b.x - a.x) === Math.sign(c.x - b.x) && Math.sign(b.y - a.y) === Math.sign(c.y - b.y);
}
