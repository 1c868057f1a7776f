/**
 * COCO instance segmentation: images/{train,val} and annotations/instances_{train,val}.json. An annotation is one
 * connected region of a mask, the class is the defect. `iscrowd` is 0, also of run lengths: 1 would say that a region
 * is a crowd of objects, which trainers and the evaluation leave out.
 */
import { outlineOf } from '../outline.js';
import type { Region } from '../regions.js';
import { compressed, runLengths } from '../runLengths.js';
import type { Layout, LayoutParts, Picture } from './layout.js';

const HALVES = ['train', 'val'] as const;

export function cocoLayout({ zip, spool, settings, defectCodes, createdAt }: LayoutParts): Layout {
  const images = { train: spool('train-images'), val: spool('val-images') };
  const annotations = { train: spool('train-annotations'), val: spool('val-annotations') };
  let [imageId, annotationId] = [0, 0];

  async function addImage({ name, heldOut, image, width, height }: Picture) {
    const half = heldOut ? 'val' : 'train';
    const fileName = `${name}.png`;
    const place = `images/${half}/${fileName}`;
    await zip.picture(place, image);
    await images[half].append({ id: ++imageId, file_name: fileName, width, height, license: 1 });
    return { half, place } as const;
  }

  return {
    async defective(picture) {
      const { half, place } = await addImage(picture);
      for (const region of picture.regions) {
        const { x, y, width, height } = region.box;
        await annotations[half].append({
          id: ++annotationId,
          image_id: imageId,
          category_id: defectCodes.indexOf(picture.defectCode) + 1,
          bbox: [x, y, width, height],
          area: region.pixels,
          iscrowd: 0,
          segmentation: segmentation(region, picture),
        });
      }
      return { image: place };
    },
    async normal(picture) {
      return { image: (await addImage(picture)).place };
    },
    async end() {
      for (const half of HALVES) await zip.text(`annotations/instances_${half}.json`, document(half));
    },
  };

  function segmentation(region: Region, { width, height }: Picture) {
    if (settings.cocoSegmentation === 'POLYGONS') return [outlineOf(region).flat()];
    return { size: [height, width], counts: compressed(runLengths(region, width, height)) };
  }

  async function* document(half: (typeof HALVES)[number]): AsyncGenerator<string | Uint8Array> {
    const info = { description: 'Drawn by DefectDiffu', version: '1.0', date_created: createdAt.toISOString() };
    const licenses = [{ id: 1, name: 'See models in manifest.json', url: '' }];
    const categories = defectCodes.map((name, i) => ({ id: i + 1, name, supercategory: 'defect' }));
    yield `{"info":${JSON.stringify(info)},\n"licenses":${JSON.stringify(licenses)},\n`;
    yield `"categories":${JSON.stringify(categories)},\n"images":[\n`;
    yield* images[half].items();
    yield '\n],\n"annotations":[\n';
    yield* annotations[half].items();
    yield '\n]}\n';
  }
}
