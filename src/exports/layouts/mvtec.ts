/**
 * MVTec AD: <product>/train/good, test/good, test/<defect>/NAME.png and ground_truth/<defect>/NAME_mask.png. In this layout all defects
 * are for testing, so the held-out share only splits the good images.
 */
import type { Layout, LayoutOptions } from './layout.js';
import { GOOD_FOLDER } from './layout.js';

export function mvtecLayout({ zip, productFolders, defectFolders }: LayoutOptions): Layout {
  return {
    async defective({ name, partNumber, defectCode, image, mask }) {
      const product = productFolders.get(partNumber) ?? '';
      const defect = defectFolders.get(defectCode) ?? '';
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
      const paths = { image: `${productFolders.get(partNumber) ?? ''}/${split}/${GOOD_FOLDER}/${name}.png` };
      await zip.image(paths.image, image);
      return paths;
    },
    end: async () => undefined,
  };
}
