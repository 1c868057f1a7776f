/** VisA: the values of its masks are kinds of defects that nothing names, and all of them become one defect. */
import type { FolderLayout } from './folderLayout.js';

/** As VisA's own preparation as one class calls it. */
const DEFECT = 'bad';
const PLACE =
  /^(?<root>(?:.*\/)?)(?<product>[^/]+)\/Data\/(?<folder>Images\/Normal|Images\/Anomaly|Masks\/Anomaly)\/(?<stem>[^/]+)\.[^./]+$/;

export const visa: FolderLayout = {
  title: 'VisA',
  places: '<product>/Data/Images/Normal, <product>/Data/Images/Anomaly, or <product>/Data/Masks/Anomaly',
  sign: /(^|\/)[^/]+\/Data\/Images\/[^/]+\//,
  marks: 'ANY_VALUE',
  namedBy: 'layout',
  roleOf(name) {
    const { root = '', product = '', folder, stem = '' } = PLACE.exec(name)?.groups ?? {};
    if (folder === undefined) return undefined;
    if (folder === 'Masks/Anomaly') return { is: 'MASK' };
    if (folder === 'Images/Normal') return { is: 'PHOTOGRAPH', root, product, defect: null };
    const mask = `${root}${product}/Data/Masks/Anomaly/${stem}`;
    return { is: 'PHOTOGRAPH', root, product, defect: DEFECT, mask, withoutMask: 'INCOMPLETE' };
  },
};
