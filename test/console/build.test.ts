/** A build of the console that would break in the browser fails, and says what is missing. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const VITE = join(process.cwd(), 'node_modules/.bin/vite');
const CONFIG = join(process.cwd(), 'console/vite.config.ts');

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'console-build-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A page of one script, with a package that has an optional peer, built as the console is. */
function buildOf(script: string): { failed: boolean; printed: string } {
  const folder = folderOf({
    'index.html': '<script type="module" src="./main.js"></script>',
    'main.js': script,
    'node_modules/known/package.json': JSON.stringify({
      ...{ name: 'known', version: '1.0.0', type: 'module', exports: './index.js' },
      ...{ peerDependencies: { absent: '*' }, peerDependenciesMeta: { absent: { optional: true } } },
    }),
    'node_modules/known/index.js': "import * as peer from 'absent'; export const all = () => peer;",
    'node_modules/alone/package.json':
      '{ "name": "alone", "version": "1.0.0", "type": "module", "exports": "./index.js" }',
    'node_modules/alone/index.js': 'export const one = 1;',
  });
  const { status, stdout, stderr } = spawnSync(VITE, ['build', folder, '--config', CONFIG, '--logLevel', 'warn'], {
    env: { ...process.env, NODE_ENV: 'production' },
    encoding: 'utf8',
  });
  return { failed: status !== 0, printed: stdout + stderr };
}

test('all that is imported is there', () => {
  expect(buildOf("import { one } from 'alone'; document.title = one;")).toMatchObject({ failed: false });
});

test.each([
  ['a package', "import { one } from 'absent'; document.title = one;", /"absent" from ".*main\.js"/],
  ['a package that is loaded later', "import('absent').then(console.log);", /"absent" from ".*main\.js"/],
  [
    'an optional peer',
    "import { all } from 'known'; console.log(all());",
    /"absent" is imported by .*known\/index\.js/,
  ],
  ['a module of Node.js', "import fs from 'node:fs'; console.log(fs);", /Node\.js.* is imported by .*main\.js/],
])('%s that is missing fails the build by its name', (_, script, message) => {
  const { failed, printed } = buildOf(script);
  expect(failed).toBe(true);
  expect(printed).toMatch(message);
});

test('a build that failed is not taken for one by the next start', () => {
  const folder = folderOf({
    'package.json': '{ "scripts": { "build:console": "exit 3" } }',
    'console/dist/index.html': 'the first of two builds',
    'scripts/build-console': '',
  });
  const script = join(folder, 'scripts/build-console');
  copyFileSync('scripts/build-console', script);
  expect(spawnSync('bash', [script]).status).toBe(3);
});
