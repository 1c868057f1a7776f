/**
 * MVTec AD: <product>/train/good, test/good, test/<defect>/NAME.png and ground_truth/<defect>/NAME_mask.png. All
 * defects are for testing there; what is held out decides only which good pictures are.
 */
import { safeNames } from '../safeNames.js';
import type { Layout, LayoutOptions } from './layout.js';

const GOOD = 'good';

export function mvtecLayout({ zip, partNumbers, defectCodes }: LayoutOptions): Layout {
  const products = safeNames(partNumbers);
  const defects = safeNames(defectCodes, [GOOD]);
  return {
    async defective({ name, partNumber, defectCode, image, mask }) {
      const product = products.get(partNumber) ?? '';
      const defect = defects.get(defectCode) ?? '';
      const places = {
        image: `${product}/test/${defect}/${name}.png`,
        mask: `${product}/ground_truth/${defect}/${name}_mask.png`,
      };
      await zip.image(places.image, image);
      await zip.image(places.mask, mask);
      return places;
    },
    async normal({ name, heldOut, partNumber, image }) {
      const split = heldOut ? 'test' : 'train';
      const places = { image: `${products.get(partNumber) ?? ''}/${split}/${GOOD}/${name}.png` };
      await zip.image(places.image, image);
      return places;
    },
    end: async () => undefined,
  };
}
