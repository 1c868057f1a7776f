/** Zips of the student's bundle (inference/student), under another name and after a change. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Editable } from '../inference/editableBundle.js';
import { STUDENT_MODELS } from '../inference/studentAdapters.js';
import { zipOf } from './models.js';

const STUDENT = join(STUDENT_MODELS, 'student', '1.0.0');

export interface BundleFiles {
  manifest: Editable;
  /** All others, by name. */
  files: Record<string, Buffer>;
}

export function bundleFiles(name = 'mine'): BundleFiles {
  const names = readdirSync(STUDENT).filter((file) => file !== 'bundle.json');
  const manifest = JSON.parse(readFileSync(join(STUDENT, 'bundle.json'), 'utf8')) as Editable;
  return {
    manifest: { ...manifest, name },
    files: Object.fromEntries(names.map((file) => [file, readFileSync(join(STUDENT, file))])),
  };
}

export function bundleArchive(name = 'mine', change: (bundle: BundleFiles) => void = () => undefined): Promise<Buffer> {
  const bundle = bundleFiles(name);
  change(bundle);
  const entries = Object.entries(bundle.files).map(([file, bytes]) => [`${name}/1.0.0/${file}`, bytes] as const);
  return zipOf({ [`${name}/1.0.0/bundle.json`]: JSON.stringify(bundle.manifest), ...Object.fromEntries(entries) });
}

/** Makes the manifest name these bytes as the graph of a component. */
export function withComponent({ manifest, files }: BundleFiles, component: string, graph: Buffer): void {
  const [variant] = manifest.components[component].variants;
  files[variant.file] = graph;
  variant.bytes = graph.byteLength;
  variant.sha256 = createHash('sha256').update(graph).digest('hex');
}
