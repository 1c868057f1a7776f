/**
 * YOLO segmentation: data.yaml, images/{train,val} and labels/{train,val}. A line is one connected region: its class index and its
 * outline, as fractions of the image's width and height. An image without a defect has an empty label file.
 */
import type { Layout, LayoutOptions, LayoutImage } from './layout.js';
import { classNumbers } from './layout.js';

/** A hundredth of a pixel in an image that is 10 000 pixels wide. */
const DIGITS = 6;

export function yoloLayout({ zip, classes }: LayoutOptions): Layout {
  const numbers = classNumbers(classes);
  const filled = new Set<string>();

  async function add({ name, heldOut, image }: LayoutImage, lines: readonly string[]) {
    const split = heldOut ? 'val' : 'train';
    filled.add(split);
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
      const folder = (split: string, other: string): string => `images/${filled.has(split) ? split : other}`;
      const names = classes.map((code, i) => `  ${String(i)}: ${JSON.stringify(code)}\n`);
      await zip.text('data.yaml', [
        // A reader refuses a folder that is not there: few images can be on one side.
        `train: ${folder('train', 'val')}\nval: ${folder('val', 'train')}\n`,
        `nc: ${String(names.length)}\nnames:\n`,
        ...names,
      ]);
    },
  };
}
