/** The TypeScript and Python files below a folder; what is installed or generated is left out. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const GENERATED = /(^|\/)(node_modules|build|dist|__pycache__|\.[^/]+)(\/|$)|\.egg-info(\/|$)/;

export function sourceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (GENERATED.test(path)) return [];
      if (entry.isDirectory()) return sourceFiles(path);
      return /\.(ts|py)$/.test(entry.name) ? [path] : [];
    })
    .sort();
}
