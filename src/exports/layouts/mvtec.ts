/**
 * MVTec AD: <product>/train/good, test/good, test/<defect>/NAME.png and ground_truth/<defect>/NAME_mask.png. In this layout all defects
 * are for testing, so the held-out share only splits the good images.
 */
import { safeNames } from '../safeNames.js';
import { SIDECAR_FOLDER } from '../sidecar.js';
import type { Layout, LayoutOptions } from './layout.js';

const GOOD = 'good';

export function mvtecLayout({ zip, partNumbers, defectCodes }: LayoutOptions): Layout {
  const products = safeNames(partNumbers, [SIDECAR_FOLDER]);
  const defects = safeNames(defectCodes, [GOOD]);
  return {
    async defective({ name, partNumber, defectCode, image, mask }) {
      const product = products.get(partNumber) ?? '';
      const defect = defects.get(defectCode) ?? '';
      const paths = {
        image: `${product}/test/${defect}/${name}.png`,
        mask: `${product}/ground_truth/${defect}/${name}_mask.png`,
      };
      await zip.image(paths.image, image);
      await zip.image(paths.mask, mask);
      return paths;
    },
    async normal({ name, heldOut, partNumber, image }) {
      const split = heldOut ? 'test' : 'train';
      const paths = { image: `${products.get(partNumber) ?? ''}/${split}/${GOOD}/${name}.png` };
      await zip.image(paths.image, image);
      return paths;
    },
    end: async () => undefined,
  };
}
