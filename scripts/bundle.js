/**
 * The last step of the build: writes the modules that say of themselves that they are bundled. A file is replaced at once,
 * and only if it changed, for processes may be starting from it.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { build } from 'esbuild';

const DIST = resolve(import.meta.dirname, '..', 'dist');

/** Native, or loaded only where a setting asks for them, or never: optional parts of libraries. */
const STAY_OUTSIDE = [
  'onnxruntime-node',
  'sharp',
  '@electric-sql/pglite',
  '@aws-sdk/*',
  'pg-native',
  'class-validator',
];

/** Modules find their workers, and files outside dist/, from where they are compiled to. */
const filesFromTheirOwnPlace = {
  name: 'files from their own place',
  setup({ onLoad }) {
    onLoad({ filter: /[.]js$/ }, ({ path }) => {
      if (!path.startsWith(DIST)) return undefined;
      const place = `new URL(${JSON.stringify(`./${relative(DIST, path)}`)}, import.meta.url).href`;
      const contents = readFileSync(path, 'utf8').replaceAll('import.meta.url', place);
      return { contents, loader: 'js', resolveDir: dirname(path) };
    });
  },
};

const drizzle = { entryPoints: ['src/storage/drizzle.ts'], outfile: 'dist/storage/drizzle.js' };
const program = {
  stdin: { contents: "import './program.js';", resolveDir: DIST },
  outfile: 'dist/oneFile.js',
  plugins: [filesFromTheirOwnPlace],
  // Libraries in CommonJS ask for Node.js's own modules.
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
};

for (const part of [drizzle, program]) {
  const { outputFiles } = await build({
    ...part,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    keepNames: true, // the types of the schema are called after their classes
    external: part === drizzle ? ['pg', '@electric-sql/pglite'] : STAY_OUTSIDE,
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    write: false,
  });
  for (const { path, contents } of outputFiles) {
    if (existsSync(path) && readFileSync(path).equals(contents)) continue;
    const draft = `${path}.${String(process.pid)}`;
    writeFileSync(draft, contents);
    renameSync(draft, path);
  }
}
