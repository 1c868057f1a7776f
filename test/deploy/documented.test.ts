/** docs/deployment.md tells of every setting, and of no path that is not there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownSettings } from '../support/deployment.js';

const page = readFileSync('docs/deployment.md', 'utf8');

test('every setting that the service reads is explained', () => {
  const known = knownSettings().filter((name) => name !== 'NODE_ENV');
  expect(known.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('every file that it leads to exists', () => {
  const links = [...page.matchAll(/\]\((?!http)([^)#]+)/g)].map(([, path = '']) => join('docs', path));
  const programs = [...page.matchAll(/dist\/[\w/]+\.js/g)].map(([path]) => path);
  const files = [...links, ...programs];
  expect(files.length).toBeGreaterThan(3);
  expect(files.filter((path) => !existsSync(path))).toEqual([]);
});
