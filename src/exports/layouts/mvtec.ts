/**
 * MVTec AD: <product>/train/good, test/good, test/<defect>/NAME.png and ground_truth/<defect>/NAME_mask.png. All
 * defects are for testing there; what is held out decides only which good pictures are.
 */
import { safeNames } from '../names.js';
import type { Layout, LayoutParts } from './layout.js';

const GOOD = 'good';

export function mvtecLayout({ zip, partNumbers, defectCodes }: LayoutParts): Layout {
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
      await zip.picture(places.image, image);
      await zip.picture(places.mask, mask);
      return places;
    },
    async normal({ name, heldOut, partNumber, image }) {
      const half = heldOut ? 'test' : 'train';
      const places = { image: `${products.get(partNumber) ?? ''}/${half}/${GOOD}/${name}.png` };
      await zip.picture(places.image, image);
      return places;
    },
    end: async () => undefined,
  };
}
