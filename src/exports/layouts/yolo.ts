/**
 * YOLO segmentation: data.yaml, images/{train,val} and labels/{train,val}. A line is one connected region: the number
 * of its class and its outline, in shares of the picture's width and height. A picture without a defect has an empty file.
 */
import { polygonOutline } from '../polygonOutline.js';
import type { Layout, LayoutOptions, LayoutImage } from './layout.js';

/** A hundredth of a pixel in a picture 10 000 wide. */
const DIGITS = 6;

export function yoloLayout({ zip, settings, defectCodes }: LayoutOptions): Layout {
  async function add({ name, heldOut, image }: LayoutImage, lines: readonly string[]) {
    const split = heldOut ? 'val' : 'train';
    const places = { image: `images/${split}/${name}.png`, labels: `labels/${split}/${name}.txt` };
    await zip.image(places.image, image);
    await zip.text(
      places.labels,
      lines.map((line) => `${line}\n`),
    );
    return places;
  }

  return {
    defective(picture) {
      const { width, height } = picture;
      const label = String(defectCodes.indexOf(picture.defectCode));
      const share = (value: number, of: number): string => String(Number((value / of).toFixed(DIGITS)));
      const lines = picture.regions.map((region) =>
        [label, ...polygonOutline(region).flatMap(([x, y]) => [share(x, width), share(y, height)])].join(' '),
      );
      return add(picture, lines);
    },
    normal: (picture) => add(picture, []),
    async end() {
      // Without `path` the folders are looked for beside this file. A JSON text is a YAML text.
      const val = settings.heldOutFraction === 0 ? 'images/train' : 'images/val';
      const names = defectCodes.map((code, i) => `  ${String(i)}: ${JSON.stringify(code)}\n`);
      await zip.text('data.yaml', [
        `train: images/train\nval: ${val}\n`,
        `nc: ${String(names.length)}\nnames:\n`,
        ...names,
      ]);
    },
  };
}
