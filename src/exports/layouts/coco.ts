/**
 * COCO instance segmentation: images/{train,val} and annotations/instances_{train,val}.json. An annotation is one connected region of a
 * mask; its category is the defect. `iscrowd` is 0 for run lengths too, because 1 would declare the region a crowd of objects, which
 * trainers and the evaluation ignore.
 */
import type { Layout, LayoutOptions, LayoutImage } from './layout.js';
import { classNumbers } from './layout.js';

const SPLITS = ['train', 'val'] as const;

export function cocoLayout({ zip, listFile, settings, classes, createdAt }: LayoutOptions): Layout {
  const images = { train: listFile('train-images'), val: listFile('val-images') };
  const annotations = { train: listFile('train-annotations'), val: listFile('val-annotations') };
  const numbers = classNumbers(classes);
  let [imageId, annotationId] = [0, 0];

  async function addImage({ name, origin, heldOut, image, width, height }: LayoutImage) {
    const split = heldOut ? 'val' : 'train';
    const fileName = `${name}.png`;
    const path = `images/${split}/${fileName}`;
    await zip.image(path, image);
    const license = origin === 'REAL' ? 2 : 1;
    await images[split].append({ id: ++imageId, file_name: fileName, width, height, license, origin });
    return { split, path } as const;
  }

  return {
    segmentation: settings.cocoSegmentation,
    async defective(image) {
      const { split, path } = await addImage(image);
      for (const { box, pixels, segmentation, defectCode } of image.annotations) {
        const { x, y, width, height } = box;
        await annotations[split].append({
          id: ++annotationId,
          image_id: imageId,
          category_id: (numbers.get(defectCode) ?? -1) + 1,
          bbox: [x, y, width, height],
          area: pixels,
          iscrowd: 0,
          segmentation,
        });
      }
      return { image: path };
    },
    async normal(image) {
      return { image: (await addImage(image)).path };
    },
    async end() {
      for (const split of SPLITS) await zip.text(`annotations/instances_${split}.json`, document(split));
    },
  };

  async function* document(split: (typeof SPLITS)[number]): AsyncGenerator<string | Uint8Array> {
    const info = { description: 'Drawn by DefectDiffu', version: '1.0', date_created: createdAt.toISOString() };
    const licenses = [
      { id: 1, name: 'See models in manifest.json', url: '' },
      { id: 2, name: 'Your own photograph', url: '' },
    ];
    const categories = classes.map((name, i) => ({ id: i + 1, name, supercategory: 'defect' }));
    yield `{"info":${JSON.stringify(info)},\n"licenses":${JSON.stringify(licenses)},\n`;
    yield `"categories":${JSON.stringify(categories)},\n"images":[\n`;
    yield* images[split].items();
    yield '\n],\n"annotations":[\n';
    yield* annotations[split].items();
    yield '\n]}\n';
  }
}
