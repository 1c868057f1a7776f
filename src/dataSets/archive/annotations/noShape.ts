/** An annotation that does not say of every pixel whether it is the defect. The message begins after its name. */
export class NoShapeError extends Error {
  override readonly name = 'NoShapeError';
}

export const BOX = 'has a box, which does not say which of its pixels are the defect: annotate polygons or masks';
