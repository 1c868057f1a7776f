/** Types of the schema, and a typed document for each operation in src/, as `src/generated/graphql.ts`. */
import { codegen } from '@graphql-codegen/core';
import { preset } from '@graphql-codegen/client-preset';
import { parse } from 'graphql';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = dirname(import.meta.dirname);
const BASE = join(ROOT, 'src', 'generated/');

const documents = globSync('src/**/*.graphql', { cwd: ROOT })
  .sort()
  .map((location) => {
    const rawSDL = readFileSync(join(ROOT, location), 'utf8');
    return { location, rawSDL, document: parse(rawSDL) };
  });

const sections = await preset.buildGeneratesSection({
  baseOutputDir: BASE,
  schema: parse(readFileSync(join(ROOT, '..', 'schema.graphql'), 'utf8')),
  documents,
  config: {
    enumType: 'string-literal',
    useTypeImports: true,
    scalars: { DateTime: 'string', URL: 'string', SafeInt: 'number', JSONObject: 'Record<string, unknown>' },
  },
  presetConfig: { fragmentMasking: false },
  plugins: [],
  pluginMap: {},
});

mkdirSync(BASE, { recursive: true });
for (const section of sections) {
  if (section.filename.endsWith('/graphql.ts')) writeFileSync(section.filename, await codegen(section));
}
