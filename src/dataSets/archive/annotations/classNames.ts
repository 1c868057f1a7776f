/** The names of the classes of YOLO, from data.yaml. */
import { parse } from 'yaml';
import type { Archive } from '../openArchive.js';
import type { Problems } from '../problems.js';
import { orProblem } from './annotated.js';
import { fieldsOf, labelOf } from './json.js';
import { NoShapeError } from './noShape.js';

/** Parsing YAML is slow: hostile text of this size takes a tenth of a second. */
const MAX_BYTES = 16 * 2 ** 10;
const MAX_NAMES = 1_000;

/** By the number of the class. Undefined, and a problem, if they cannot be read. */
export async function classNames(
  archive: Archive,
  root: string,
  problems: Problems,
): Promise<ReadonlyMap<number, string> | undefined> {
  const files = archive.names.filter(
    (name) => name.startsWith(root) && /^[^/]*\.ya?ml$/i.test(name.slice(root.length)),
  );
  const file = files.find((name) => /(^|\/)data\.ya?ml$/i.test(name)) ?? files[0];
  if (file === undefined) {
    problems.add('there is no data.yaml with the names of the classes');
    return undefined;
  }
  const content = await archive.read(file);
  return orProblem(file, problems, () => {
    if (content.length > MAX_BYTES)
      throw new NoShapeError(`has ${String(content.length)} bytes; at most ${String(MAX_BYTES)} are read`);
    const { names } = fieldsOf(yamlOf(content), 'it');
    const entries = Array.isArray(names) ? [...names.entries()] : Object.entries(fieldsOf(names, 'names'));
    if (entries.length > MAX_NAMES)
      throw new NoShapeError(`names ${String(entries.length)} classes; at most ${String(MAX_NAMES)} are read`);
    return new Map(entries.map(([number, name]) => [Number(number), labelOf(name, 'each name')]));
  });
}

function yamlOf(content: Buffer): unknown {
  try {
    return parse(content.toString('utf8'), { maxAliasCount: 0, uniqueKeys: false, logLevel: 'error' });
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('\n');
    throw new NoShapeError(`is no YAML: ${reason.slice(0, 120)}`, { cause: error });
  }
}
