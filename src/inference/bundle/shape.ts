/** Validates the shape of a manifest by its schema in models/, which the training package uses as well. */
import { readFileSync } from 'node:fs';
import type { ErrorObject } from 'ajv';
import { Ajv } from 'ajv';

import { BundleError } from '../errors.js';
import { FORMAT_VERSION } from './manifest.js';

/** bundle.schema.json or adapter.schema.json, which refers to the former. */
export type SchemaName = 'bundle' | 'adapter';

/**
 * @param every whether all places are named that the schema does not allow. Of what a tenant uploads, one is enough, where a file of
 * megabytes can have as many as it has values.
 * @throws BundleError that names `file` and these places, or the first one
 */
export function parseShape(text: string, file: string, schema: SchemaName, every = schema === 'bundle'): unknown {
  const content = parseJson(text, file);
  const version =
    typeof content === 'object' && content !== null && 'formatVersion' in content ? content.formatVersion : undefined;
  if (version !== undefined && version !== FORMAT_VERSION) {
    // Before the schema, because all other problems of an unknown format would mislead.
    throw new BundleError(file, [
      `/formatVersion: is ${JSON.stringify(version)}, this engine reads ${String(FORMAT_VERSION)}; use the release of the service that the ${schema} was made for, or export the ${schema} again`,
    ]);
  }
  const problems = shapeProblems(content, schema, every);
  if (problems.length > 0) throw new BundleError(file, problems);
  return content;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BundleError(file, [`is not JSON: ${(error as Error).message}`], { cause: error });
  }
}

function shapeProblems(content: unknown, schema: SchemaName, allErrors: boolean): string[] {
  const ajv = new Ajv({ allErrors, strict: false }).addSchema(readSchema('bundle'), fileOf('bundle'));
  const validate = schema === 'bundle' ? ajv.getSchema(fileOf('bundle')) : ajv.compile(readSchema(schema));
  if (validate === undefined) throw new BundleError(fileOf(schema), ['is no schema']);
  return validate(content) ? [] : (validate.errors ?? []).map(sentence);
}

const fileOf = (schema: SchemaName): string => `${schema}.schema.json`;

function readSchema(schema: SchemaName): object {
  return JSON.parse(readFileSync(new URL(`../../../models/${fileOf(schema)}`, import.meta.url), 'utf8')) as object;
}

/** Messages of ajv that name too little: "must NOT have additional properties" does not name the property. */
function sentence({ instancePath, keyword, params, message }: ErrorObject): string {
  const place = instancePath === '' ? '/' : instancePath;
  if (keyword === 'additionalProperties')
    return `${place}: has an unknown property ${JSON.stringify(params['additionalProperty'])}`;
  if (keyword === 'const') return `${place}: must be ${JSON.stringify(params['allowedValue'])}`;
  if (keyword === 'enum') return `${place}: must be one of ${JSON.stringify(params['allowedValues'])}`;
  if (keyword === 'pattern' && /\/file$/.test(place))
    return `${place}: must name a file in the bundle's own folder, without any path`;
  return `${place}: ${message ?? keyword}`;
}
