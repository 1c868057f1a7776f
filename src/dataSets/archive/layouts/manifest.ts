/** Reads the manifest.csv of a data set, as the training package does (training/defectdiffu/data/layout_files.py). */
import { posix } from 'node:path';
import { quote } from '../../../errors.js';
import { csvFields } from '../csvFields.js';
import { MAX_PATH_LENGTH } from '../packed.js';
import type { Problems } from '../problems.js';
import type { MvtecLayout } from './mvtecAd.js';

/** `half` is the former name of `split`. */
const SPLIT_COLUMNS = ['half', 'split'];

/**
 * The names of the files that are for testing. Photographs that the manifest does not name are for learning. Adds what is
 * wrong with it to `problems`.
 */
export function readManifest(
  text: string,
  { root, photographs, manifest = '' }: MvtecLayout,
  problems: Problems,
): ReadonlySet<string> {
  const [head = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/);
  const columns = csvFields(head);
  const [image, split] = [columns.indexOf('image'), columns.findIndex((name) => SPLIT_COLUMNS.includes(name))];
  if (image < 0 || split < 0) {
    problems.add(`${manifest}: needs the columns image and split, has ${columns.map(quote).join(', ')}`);
    return new Set();
  }
  const known = new Set(photographs.map(({ name }) => name));
  const splits = new Map<string, string>();
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    const at = `${manifest}:${String(i + 2)}`;
    const fields = csvFields(line);
    const [path, value] = [fields[image] ?? '', fields[split] ?? ''];
    const name = root + posix.normalize(path.slice(0, MAX_PATH_LENGTH).normalize('NFC'));
    if (!known.has(name)) problems.add(`${at}: there is no photograph ${quote(path)}`);
    else if (value !== 'train' && value !== 'test')
      problems.add(`${at}: the split is ${quote(value)}, must be train or test`);
    else if ((splits.get(name) ?? value) !== value) problems.add(`${at}: ${path} is listed as train and as test`);
    else splits.set(name, value);
  }
  return new Set([...splits].filter(([, value]) => value === 'test').map(([name]) => name));
}
