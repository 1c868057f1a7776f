/** Severstal: train.csv with the runs of each photograph of train_images and of each kind of defect. A photograph without runs is good. */
import { joinNames, quote } from '../../../errors.js';
import { csvFields } from '../csvFields.js';
import { IMAGE } from '../packed.js';
import type { Annotated, Source } from './annotated.js';
import { orProblem } from './annotated.js';
import { NoShapeError } from './noShape.js';
import { createPauses } from '../pauses.js';
import type { PointBudget } from './pointBudget.js';
import { readText } from './readText.js';
import type { Annotation } from './shapes.js';

const LINES_PER_TURN = 1_000;
/** Characters. Parsing them takes a tenth of a second. */
const MAX_LINE = 500_000;

/** @param files train.csv, and others of this name */
export async function readSeverstal(source: Source, files: readonly string[]): Promise<readonly Annotated[]> {
  const { archive, budget, problems } = source;
  const [file = '', ...others] = files;
  for (const other of others) problems.add(`${other}: is a second train.csv: make an archive of each`);
  const folder = file.replace(/[^/]*$/, '');
  const photographs = archive.names.filter((name) => IMAGE.test(name) && isIn(`${folder}train_images/`, name));
  for (const name of archive.names.filter((one) => IMAGE.test(one)))
    if (!isIn(`${folder}train_images/`, name) && !isIn(`${folder}test_images/`, name))
      problems.add(`${name}: is not where Severstal has photographs: train_images, beside train.csv`);
  const listed = await orProblem(file, problems, async () => rowsOf(await readText(archive, file), budget));
  if (listed === undefined) return [];
  const there = new Set(photographs);
  const missing = [...listed.keys()].filter((name) => !there.has(`${folder}train_images/${name}`));
  if (missing.length > 0)
    problems.add(
      `${file}: names ${String(missing.length)} photographs that are not in train_images, ${joinNames(missing.map(quote), 3)}: keep the lines of those that you pack`,
    );
  return photographs.map((name) => {
    const annotations = listed.get(name.slice(name.lastIndexOf('/') + 1)) ?? [];
    return { name, annotation: file, annotations, split: undefined };
  });
}

const isIn = (folder: string, name: string): boolean =>
  name.startsWith(folder) && !name.slice(folder.length).includes('/');

async function rowsOf(text: string, budget: PointBudget): Promise<ReadonlyMap<string, Annotation[]>> {
  let columns: readonly string[] | undefined;
  const found = new Map<string, Annotation[]>();
  const pause = createPauses(LINES_PER_TURN);
  let number = 0;
  for (const line of linesIn(text)) {
    await pause();
    number += 1;
    if (line === '') continue;
    if (line.length > MAX_LINE)
      throw new NoShapeError(
        `line ${String(number)} has ${String(line.length)} characters; at most ${String(MAX_LINE)} are read`,
      );
    const fields = csvFields(line);
    if (columns === undefined) {
      columns = fields;
      continue;
    }
    const at = columns;
    const field = (column: string): string => (fields[at.indexOf(column)] ?? '').trim();
    // The first version of the table has the class in the name of the photograph: 0002cc93b.jpg_1.
    const [, first, last] = /^(.+)_([^_]*)$/.exec(field('ImageId_ClassId')) ?? [];
    const name = (first ?? field('ImageId')).normalize('NFC');
    const own = found.get(name) ?? [];
    found.set(name, own);
    const runs = field('EncodedPixels');
    if (runs === '') continue;
    const numbers = runs.split(/\s+/).map(Number);
    budget.take(numbers.length / 2);
    if (numbers.length % 2 !== 0 || !numbers.every((number) => Number.isInteger(number) && number >= 1))
      throw new NoShapeError(
        `line ${String(number)} is no list of runs, which are pairs of a start from 1 and a length`,
      );
    own.push({ label: `defect_${last ?? field('ClassId')}`, shapes: [{ startedRuns: numbers }] });
  }
  return found;
}

/** One at a time: of a few megabytes of line breaks, all would take half a second. */
function* linesIn(text: string): Generator<string> {
  const ending = /\r\n|\r|\n/g;
  let start = 0;
  for (let found = ending.exec(text); found !== null; found = ending.exec(text)) {
    yield text.slice(start, found.index);
    start = ending.lastIndex;
  }
  yield text.slice(start);
}
