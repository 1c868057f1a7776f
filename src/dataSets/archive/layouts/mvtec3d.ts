/** MVTec 3D-AD. Depth (xyz) is not read, and neither are the empty masks of good parts. */
import type { FolderLayout } from './folderLayout.js';

const PLACE =
  /^(?<root>(?:.*\/)?)(?<product>[^/]+)\/(?<part>train|validation|test)\/(?<folder>[^/]+)\/(?<kind>rgb|gt|xyz)\/(?<stem>[^/]+)\.[^./]+$/;

export const mvtec3d: FolderLayout = {
  title: 'MVTec 3D-AD',
  places: '<product>/<train, validation, or test>/<good or defect>/<rgb, gt, or xyz>',
  sign: /(^|\/)[^/]+\/test\/[^/]+\/rgb\//,
  marks: 'ANY_VALUE',
  namedBy: 'folder',
  roleOf(name) {
    const { root = '', product = '', part = '', folder = '', kind, stem = '' } = PLACE.exec(name)?.groups ?? {};
    if (kind === undefined) return undefined;
    if (kind === 'xyz' || (kind === 'gt' && folder === 'good')) return { is: 'UNREAD' };
    if (kind === 'gt') return { is: 'MASK' };
    if (folder === 'good') return { is: 'PHOTOGRAPH', root, product, defect: null };
    const mask = `${root}${product}/${part}/${folder}/gt/${stem}`;
    return { is: 'PHOTOGRAPH', root, product, defect: folder, mask, withoutMask: 'INCOMPLETE' };
  },
};
