/** Training and the service see a photograph alike: the same files are refused for the same reasons, and the same
 * pixels are read of the others. The files are made by training/tests/photograph_kinds.py. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ServiceError } from '../src/errors.js';
import { decodePhotograph } from '../src/references/decodeImage.js';

type Read = { readonly code: string } | { readonly width: number; readonly height: number };

async function asTheServiceReads(file: Buffer): Promise<{ read: Read; data: Buffer }> {
  try {
    const { data, width, height } = await decodePhotograph(file);
    return { read: { width, height }, data };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { read: { code: error.code }, data: Buffer.alloc(0) };
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'defectdiffu-kinds-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('every kind of photograph is read or refused as training does', async () => {
  const training = join(process.cwd(), 'training');
  const python = join(training, '.venv', 'bin', 'python');
  await promisify(execFile)(python, [join(training, 'tests', 'photograph_kinds.py'), folder]);
  const expected = JSON.parse(await readFile(join(folder, 'read.json'), 'utf8')) as Record<string, Read>;
  const differing: string[] = [];
  const found: Record<string, Read> = {};
  for (const [name, read] of Object.entries(expected)) {
    const { read: own, data } = await asTheServiceReads(await readFile(join(folder, name)));
    found[name] = own;
    if (!('width' in read) || !('width' in own)) continue;
    const theirs = await readFile(join(folder, `${name}.rgb`));
    const largest = data.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? -1))), 0);
    if (data.length !== theirs.length || largest > 0) differing.push(`${name}: by ${String(largest)}`);
  }
  expect(found).toEqual(expected);
  expect(differing).toEqual([]);
  expect(Object.keys(expected).length).toBeGreaterThan(70);
});
