/** Real-IAD: a view of a defective part without a mask does not show the defect, and is not read. */
import type { FolderLayout } from './folderLayout.js';
import { stemOf } from './folderLayout.js';

/** What its codes stand for. */
const DEFECTS: Readonly<Record<string, string>> = {
  AK: 'pit',
  BX: 'deformation',
  CH: 'abrasion',
  HS: 'scratch',
  PS: 'damage',
  QS: 'missing_parts',
  YW: 'foreign_objects',
  ZW: 'contamination',
};
/** A folder "test" has such folders in other layouts. */
const GOOD =
  /^(?<root>(?:.*\/)?)(?<product>(?!(?:train|validation|test)\/)[^/]+)\/OK\/(?:.*\/)?[^/]+\.(?:jpe?g|JPE?G)$/;
const DEFECTIVE =
  /^(?<root>(?:.*\/)?)(?<product>(?!(?:train|validation|test)\/)[^/]+)\/NG\/(?<code>[^/]+)\/(?:.*\/)?[^/]+\.(?<suffix>jpe?g|JPE?G|png|PNG)$/;

export const realIad: FolderLayout = {
  title: 'Real-IAD',
  places: '<product>/OK with JPEG files, or <product>/NG/<code> with JPEG files and PNG masks',
  sign: DEFECTIVE,
  marks: 'ANY_VALUE',
  namedBy: 'layout',
  roleOf(name) {
    const good = GOOD.exec(name)?.groups;
    if (good !== undefined)
      return { is: 'PHOTOGRAPH', root: good['root'] ?? '', product: good['product'] ?? '', defect: null };
    const { root = '', product = '', code, suffix = '' } = DEFECTIVE.exec(name)?.groups ?? {};
    if (code === undefined) return undefined;
    if (suffix.toLowerCase() === 'png') return { is: 'MASK' };
    const defect = DEFECTS[code] ?? code;
    return { is: 'PHOTOGRAPH', root, product, defect, mask: stemOf(name), withoutMask: 'UNREAD' };
  },
};
