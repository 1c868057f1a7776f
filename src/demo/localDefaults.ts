/** What the demo finds on the machine of the service: the API key of its first start, and a folder that can be written to. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FOLDER = 'demo-output';

/** Undefined if there is no such file, or it belongs to someone else. */
export function generatedKey(env: NodeJS.ProcessEnv): string | undefined {
  try {
    return readFileSync(join(env['DATA_DIR'] ?? 'data', 'api-key'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** In the working directory; in a container, whose root file system is read-only, in DATA_DIR or the temporary folder. */
export function outputFolder(env: NodeJS.ProcessEnv): string {
  const parents = ['.', env['DATA_DIR'], tmpdir()];
  return join(parents.find((folder) => folder !== undefined && isWritable(folder)) ?? '.', FOLDER);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
