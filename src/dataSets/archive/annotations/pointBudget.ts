/** Bounds the memory that the annotations of an archive take until they are drawn. */
import { invalidArchive } from '../problems.js';

/** About a hundred megabytes. */
const MAX_POINTS = 1_000_000;

export interface PointBudget {
  /** @throws ServiceError DATA_SET_ARCHIVE_INVALID */
  take(points: number): void;
}

export function createPointBudget(): PointBudget {
  let taken = 0;
  return {
    take(points) {
      taken += points;
      if (taken > MAX_POINTS)
        throw invalidArchive(
          `its annotations have more than ${String(MAX_POINTS)} points; simplify the polygons, or make several data sets`,
        );
    },
  };
}
