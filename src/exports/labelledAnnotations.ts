/** The regions of a mask, as far as the layout outlines them, with the defect that they show. */
import sharp from 'sharp';
import type { Annotator } from './annotationsThread.js';
import type { LabelledAnnotation, Layout } from './layouts/layout.js';

/** None, if the layout has the mask itself. */
export async function labelledAnnotations(
  { segmentation }: Layout,
  annotator: Annotator,
  defectCode: string,
  mask: Uint8Array,
): Promise<readonly LabelledAnnotation[]> {
  if (segmentation === undefined) return [];
  const { width, height } = await sharp(mask).metadata();
  const found = await annotator.annotate({ mask, segmentation }, width * height);
  return found.map((annotation) => ({ ...annotation, defectCode }));
}
