/** Archives in the layouts of annotation tools: photographs of a dial with a nick. */
import { photograph } from './photographs.js';
import type { Json } from './server.js';

/** Of the photographs here. */
export const [WIDTH, HEIGHT] = [48, 40];
export const CORNERS = [10, 8, 30, 8, 30, 20, 10, 20];

export const picture = (seed: number): Promise<Buffer> => photograph(seed, WIDTH, HEIGHT).png().toBuffer();

export function coco(change: (document: Json) => void = () => undefined): string {
  const sides = { width: WIDTH, height: HEIGHT };
  const document = {
    images: ['good.png', 'square.png', 'both.png'].map((file_name, id) => ({ id, file_name, ...sides })),
    categories: [{ id: 4, name: 'Nick' }],
    annotations: [
      { image_id: 1, category_id: 4, segmentation: [CORNERS], bbox: [10, 8, 20, 12] },
      { image_id: 2, category_id: 4, segmentation: [CORNERS] },
      { image_id: 2, category_id: 4, segmentation: { size: [HEIGHT, WIDTH], counts: [110, 3, 37, 3, 37, 3, 1727] } },
    ],
  };
  change(document);
  return JSON.stringify(document);
}

export async function cocoEntries(document = coco()): Promise<Record<string, string | Buffer>> {
  return {
    'dial/annotations/instances_default.json': document,
    'dial/images/good.png': await picture(1),
    'dial/images/square.png': await picture(2),
    'dial/images/both.png': await picture(3),
  };
}

export function labelme(shape: object = { label: 'nick', shape_type: 'polygon' }): string {
  const points = [[10, 8], [30, 8], [30, 20], [10, 20]]; // prettier-ignore
  return JSON.stringify({ imageWidth: WIDTH, imageHeight: HEIGHT, shapes: [{ points, ...shape }] });
}
