/** DAGM 2007: a photograph without a mask shows a good part. The masks are rough ellipses around the defects. */
import type { FolderLayout } from './folderLayout.js';

const PLACE = /^(?<root>(?:.*\/)?)(?<product>[^/]+)\/(?<part>Train|Test)\/(?<label>Label\/)?(?<stem>[^/]+)\.[^./]+$/;

export const dagm: FolderLayout = {
  title: 'DAGM 2007',
  places: '<product>/Train or <product>/Test, with masks in Label/<name>_label.PNG',
  sign: /(^|\/)[^/]+\/(Train|Test)\/Label\/[^/]+$/,
  marks: 'ANY_VALUE',
  namedBy: 'layout',
  roleOf(name) {
    const { root = '', product = '', part, label, stem = '' } = PLACE.exec(name)?.groups ?? {};
    if (part === undefined) return undefined;
    if (label !== undefined) return { is: 'MASK' };
    return {
      is: 'PHOTOGRAPH',
      root,
      product,
      defect: 'defect',
      mask: `${root}${product}/${part}/Label/${stem}_label`,
      withoutMask: 'GOOD',
      split: part === 'Train' ? 'TRAIN' : 'TEST',
    };
  },
};
