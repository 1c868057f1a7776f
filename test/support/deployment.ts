/** The deployment files as data: the Dockerfile by stage, YAML by document, and the settings that the service knows. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Instruction } from 'dockerfile-ast';
import { DockerfileParser } from 'dockerfile-ast';
import { parse, parseAllDocuments } from 'yaml';
import type { Json } from './server.js';

export interface Stage {
  readonly name: string;
  /** An image, or the name of a stage before. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** Read by others than the service's own code, in its process. */
const OF_LIBRARIES = ['NODE_ENV', 'NODE_OPTIONS', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'];

/** Every setting that src/config.ts and src/config/ read, by their own text. */
export function knownSettings(): readonly string[] {
  const parts = readdirSync('src/config').map((name) => join('src/config', name));
  const text = ['src/config.ts', ...parts].map((file) => readFileSync(file, 'utf8')).join('\n');
  const names = [...text.matchAll(/(?:\(env, |variable: )'([A-Z][A-Z0-9_]+)'/g)].map(([, name = '']) => name);
  return [...OF_LIBRARIES, ...new Set(names)];
}

/** Those of an environment that nobody would read: a typing error, or a setting that is no more. */
export function unknownSettings(environment: object): readonly string[] {
  const known = knownSettings();
  return Object.keys(environment).filter((name) => !known.includes(name));
}

export function stages(): readonly Stage[] {
  const found: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const instruction of DockerfileParser.parse(readFileSync('Dockerfile', 'utf8')).getInstructions()) {
    const text = contentOf(instruction);
    if (instruction.getKeyword() === 'FROM') {
      const [from = '', , name = ''] = text.split(/\s+/);
      found.push({ name, from, instructions: [] });
    } else found.at(-1)?.instructions.push(instruction);
  }
  return found;
}

export function stage(name: string): Stage {
  const found = stages().find((each) => each.name === name);
  if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
  return found;
}

/** What stands behind a keyword, all occurrences, its flags and line breaks left out. */
export function argumentsOf({ instructions }: Stage, keyword: string): readonly string[] {
  return instructions.filter((instruction) => instruction.getKeyword() === keyword).map(contentOf);
}

/** One that is there once. */
export function argumentOf(of: Stage, keyword: string): string {
  const [only = '', ...more] = argumentsOf(of, keyword);
  if (only === '' || more.length > 0)
    throw new Error(`the stage ${of.name} has ${String(more.length)} ${keyword} too many or none`);
  return only;
}

export function environmentOf(of: Stage): Record<string, string> {
  const pairs = argumentsOf(of, 'ENV').flatMap((line) => line.split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]));
}

/** What the health check runs in the container. */
export function healthCommand(of: Stage): string[] {
  return JSON.parse(argumentOf(of, 'HEALTHCHECK').replace(/^CMD\s+/, '')) as string[];
}

function contentOf(instruction: Instruction): string {
  return (instruction.getArgumentsContent() ?? '').replace(/\\\n/g, ' ');
}

export function readYaml(file: string): Json {
  return parse(readFileSync(file, 'utf8'), { merge: true });
}

/** All manifests of a folder's kustomization, as they are before its patches. */
export function manifests(folder: string): Json[] {
  const { resources } = readYaml(join(folder, 'kustomization.yaml')) as { resources: string[] };
  return resources.flatMap((file) => documents(join(folder, file)));
}

export function documents(file: string): Json[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document): Json => {
    if (document.errors.length > 0) throw new Error(`${file}: ${String(document.errors)}`);
    return document.toJS() as Json;
  });
}
