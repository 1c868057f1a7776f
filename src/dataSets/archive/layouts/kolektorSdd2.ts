/** KolektorSDD2: every photograph has a mask, and a black one says that it shows a good part. */
import type { FolderLayout } from './folderLayout.js';

const PLACE = /^(?<root>(?:.*\/)?)(?<part>train|test)\/(?<stem>[^/]+)\.[^./]+$/;

export const kolektorSdd2: FolderLayout = {
  title: 'KolektorSDD2',
  places: 'train or test, each photograph with <name>_GT.png beside it',
  sign: /(^|\/)(train|test)\/[^/]+_GT\.png$/,
  marks: 'ANY_VALUE',
  namedBy: 'layout',
  namesNoProduct: true,
  roleOf(name) {
    const { root = '', part, stem = '' } = PLACE.exec(name)?.groups ?? {};
    if (part === undefined) return undefined;
    if (stem.endsWith('_GT')) return { is: 'MASK' };
    return {
      is: 'PHOTOGRAPH',
      root,
      product: undefined,
      defect: 'defect',
      mask: `${root}${part}/${stem}_GT`,
      withoutMask: 'INCOMPLETE',
      isGoodIfUnmarked: true,
      split: part === 'train' ? 'TRAIN' : 'TEST',
    };
  },
};
