/** The operator's documents explain every setting and name only paths and metrics that exist. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { knownSettings } from '../support/deployment.js';

const page = readFileSync('docs/deployment.md', 'utf8');

test('every setting that the service reads is explained', () => {
  const known = knownSettings().filter((name) => !name.startsWith('NODE_'));
  expect(known.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('every file that it leads to exists', () => {
  const links = [...page.matchAll(/\]\((?!http)([^)#]+)/g)].map(([, path = '']) => join('docs', path));
  const programs = [...page.matchAll(/dist\/[\w/]+\.js/g)].map(([path]) => path);
  const files = [...links, ...programs];
  expect(files.length).toBeGreaterThan(3);
  expect(files.filter((path) => !existsSync(path))).toEqual([]);
});

test('every metric that a page or a manifest names is one that there is', () => {
  const pages = ['docs/deployment.md', 'docs/durability.md', 'deploy/kubernetes/keda/scaled-workers.yaml'];
  const named = pages.flatMap((file) => readFileSync(file, 'utf8').match(/(?<=defectdiffu_)[a-z_]+/g) ?? []);
  const code = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('src', file), 'utf8'));
  expect(named).toContain('queued_samples');
  expect(named.filter((name) => !code.some((text) => text.includes(`'${name}'`)))).toEqual([]);
});
