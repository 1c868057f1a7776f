/**
 * manifest.json: where each picture comes from. A sample names its generation, whose full request stands beside, and
 * the models' licences stand at the end, for they are those of the pictures.
 */
import { requestOf } from '../generations/asked.js';
import type { Manifest as ModelManifest } from '../inference/index.js';
import type { ExportRow, ReferenceRow } from '../storage/tables.js';
import type { Entry } from './contents.js';
import type { Places } from './layouts/layout.js';
import type { Spool } from './spool.js';
import type { Zip } from './zip.js';

export interface Manifest {
  sample(entry: Entry, files: Places): Promise<void>;
  twin(entry: Entry, files: Places): Promise<void>;
  photograph(entry: Entry, reference: ReferenceRow, heldOut: boolean, files: Places): Promise<void>;
  end(counts: { readonly samples: number; readonly normals: number }): Promise<void>;
}

export interface ManifestParts {
  readonly zip: Zip;
  readonly spool: (name: string) => Spool;
  readonly row: ExportRow;
  readonly defectCodes: readonly string[];
  readonly version: string;
  /** Undefined for a model that is no longer installed. */
  readonly licenceOf: (model: string) => ModelManifest['license'] | undefined;
}

export function createManifest({ zip, spool, row, defectCodes, version, licenceOf }: ManifestParts): Manifest {
  const lists = { generations: spool('generations'), samples: spool('samples'), normals: spool('normals') };
  const models = new Set<string>();
  let lastGeneration = '';

  /** Samples of a generation stand together, so it is written once. */
  async function noteGeneration({ generation, product, defect }: Entry): Promise<void> {
    if (generation.id === lastGeneration) return;
    lastGeneration = generation.id;
    const request = requestOf(generation);
    models.add(request.model);
    await lists.generations.append({
      id: generation.id,
      partNumber: product.partNumber,
      defectCode: defect.code,
      createdAt: generation.createdAt,
      request: { ...request, photograph: generation.settings.photograph ?? null },
    });
  }

  return {
    async sample(entry, files) {
      await noteGeneration(entry);
      await lists.samples.append({ files, ...sampleFacts(entry) });
    },
    twin: ({ sample, product, heldOut }, files) =>
      lists.normals.append({ files, kind: 'TWIN', sampleId: sample.id, partNumber: product.partNumber, heldOut }),
    photograph: ({ product }, { id, name }, heldOut, files) =>
      lists.normals.append({
        files,
        kind: 'PHOTOGRAPH',
        referenceId: id,
        name,
        partNumber: product.partNumber,
        heldOut,
      }),
    end: (counts) => zip.text('manifest.json', document(counts)),
  };

  async function* document(counts: object): AsyncGenerator<string | Uint8Array> {
    const { id, format, settings, createdAt } = row;
    const head = {
      formatVersion: 1,
      writtenBy: `DefectDiffu ${version}`,
      export: { id, format, ...settings, createdAt },
    };
    yield `${JSON.stringify({ ...head, counts, classes: defectCodes }).slice(0, -1)},\n"generations":[\n`;
    yield* lists.generations.items();
    yield '\n],\n"samples":[\n';
    yield* lists.samples.items();
    yield '\n],\n"normals":[\n';
    yield* lists.normals.items();
    const licences = [...models].sort().map((model) => ({ model, license: licenceOf(model) ?? null }));
    yield `\n],\n"models":${JSON.stringify(licences)}}\n`;
  }
}

function sampleFacts({ sample, product, defect, heldOut }: Entry) {
  const { visibility, agreement, seam, filling, direction } = sample;
  return {
    id: sample.id,
    generationId: sample.generationId,
    index: sample.index,
    partNumber: product.partNumber,
    product: { name: product.name, promptName: product.promptName },
    defectCode: defect.code,
    defect: { name: defect.name, promptName: defect.promptName },
    heldOut,
    seed: sample.seed,
    strength: sample.strength,
    attempt: sample.attempt,
    areaFraction: sample.areaFraction,
    boundingBoxes: sample.boundingBoxes,
    confidence: sample.confidence,
    scores: visibility === null ? null : { visibility, agreement, seam, filling, direction },
    referenceId: sample.referenceId,
    baseSampleId: sample.baseSampleId,
    createdAt: sample.createdAt,
  };
}
