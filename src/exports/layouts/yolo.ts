/**
 * YOLO segmentation: data.yaml, images/{train,val} and labels/{train,val}. A line is one connected region: its class index and its
 * outline, as fractions of the image's width and height. An image without a defect has an empty label file.
 */
import type { Layout, LayoutOptions, LayoutImage } from './layout.js';
import { classNumbers } from './layout.js';

/** A hundredth of a pixel in an image that is 10 000 pixels wide. */
const DIGITS = 6;

export function yoloLayout({ zip, settings, classes }: LayoutOptions): Layout {
  const numbers = classNumbers(classes);

  async function add({ name, heldOut, image }: LayoutImage, lines: readonly string[]) {
    const split = heldOut ? 'val' : 'train';
    const paths = { image: `images/${split}/${name}.png`, labels: `labels/${split}/${name}.txt` };
    await zip.image(paths.image, image);
    await zip.text(
      paths.labels,
      lines.map((line) => `${line}\n`),
    );
    return paths;
  }

  return {
    segmentation: 'POLYGONS',
    defective(image) {
      const { width, height } = image;
      const fraction = (value: number, i: number): string =>
        String(Number((value / (i % 2 === 0 ? width : height)).toFixed(DIGITS)));
      const lines = image.annotations.map(({ segmentation, defectCode }) => {
        const polygon: readonly number[] = Array.isArray(segmentation) ? (segmentation[0] ?? []) : [];
        return [String(numbers.get(defectCode) ?? -1), ...polygon.map(fraction)].join(' ');
      });
      return add(image, lines);
    },
    normal: (image) => add(image, []),
    async end() {
      // Without `path`, readers look for the folders beside this file. A JSON string is a YAML string.
      const val = settings.heldOutFraction === 0 ? 'images/train' : 'images/val';
      const names = classes.map((code, i) => `  ${String(i)}: ${JSON.stringify(code)}\n`);
      await zip.text('data.yaml', [
        `train: images/train\nval: ${val}\n`,
        `nc: ${String(names.length)}\nnames:\n`,
        ...names,
      ]);
    },
  };
}
