/** MVTec AD 2. Its private tests have no masks, and are not read. */
import type { FolderLayout } from './folderLayout.js';

const GOOD = /^(?<root>(?:.*\/)?)(?<product>[^/]+)\/(?:train|validation|test_public)\/good\/[^/]+$/;
const MASK = /(^|\/)[^/]+\/test_public\/ground_truth\/[^/]+\/[^/]+$/;
const DEFECTIVE = /^(?<root>(?:.*\/)?)(?<product>[^/]+)\/test_public\/(?<defect>[^/]+)\/(?<stem>[^/]+)\.[^./]+$/;
const PRIVATE = /(^|\/)[^/]+\/test_private[^/]*\//;

export const mvtecAd2: FolderLayout = {
  title: 'MVTec AD 2',
  places:
    '<product>/train/good, <product>/validation/good, <product>/test_public/<good or defect>, or <product>/test_public/ground_truth/<defect>',
  sign: /(^|\/)[^/]+\/test_public\//,
  marks: 'ONE_VALUE',
  namedBy: 'folder',
  roleOf(name) {
    if (PRIVATE.test(name)) return { is: 'UNREAD' };
    if (MASK.test(name)) return { is: 'MASK' };
    const good = GOOD.exec(name)?.groups;
    if (good !== undefined)
      return { is: 'PHOTOGRAPH', root: good['root'] ?? '', product: good['product'] ?? '', defect: null };
    const { root = '', product = '', defect, stem = '' } = DEFECTIVE.exec(name)?.groups ?? {};
    if (defect === undefined) return undefined;
    const mask = `${root}${product}/test_public/ground_truth/${defect}/${stem}_mask`;
    return { is: 'PHOTOGRAPH', root, product, defect, mask, withoutMask: 'INCOMPLETE' };
  },
};
