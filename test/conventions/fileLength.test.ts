/** A file holds one idea and fits in the head. */
import { readFileSync } from 'node:fs';
import { sourceFiles } from '../support/sourceFiles.js';

const MAXIMUM_LINES = 250;

test(`no source, test, or bench file has more than ${String(MAXIMUM_LINES)} lines`, () => {
  const files = ['src', 'test', 'bench', 'training'].flatMap(sourceFiles);
  const lengths = files.map((file) => [file, readFileSync(file, 'utf8').trimEnd().split('\n').length] as const);
  expect(lengths.filter(([, lines]) => lines > MAXIMUM_LINES)).toEqual([]);
});
