/**
 * Writes manifest.json, which says where each image comes from. A sample names its generation, which is listed with its full request.
 * The licences of the models, which apply to the images, are at the end.
 */
import { resolvedRequestOf } from '../generations/resolvedRequest.js';
import type { Manifest as ModelManifest } from '../inference/index.js';
import type { ExportRow, GenerationRow, ReferenceRow } from '../storage/tables.js';
import type { ExportedPhotograph } from './exportedPhotographs.js';
import type { ExportedSample } from './exportedSamples.js';
import type { FilePaths } from './layouts/layout.js';
import type { JsonListFile } from './jsonListFile.js';
import type { ZipWriter } from '../artifacts/zipWriter.js';

export interface ExportManifest {
  sample(entry: ExportedSample, files: FilePaths): Promise<void>;
  twin(entry: ExportedSample, files: FilePaths): Promise<void>;
  /** One of a good part, that samples were drawn on. */
  photograph(entry: ExportedSample, reference: ReferenceRow, heldOut: boolean, files: FilePaths): Promise<void>;
  defectivePhotograph(entry: ExportedPhotograph, files: FilePaths): Promise<void>;
  skippedPhotograph(entry: ExportedPhotograph, reason: string): Promise<void>;
  /** A picture of this sample, or the sample itself, is left out. */
  skipped(entry: ExportedSample, reason: string): Promise<void>;
  end(counts: ExportCounts): Promise<void>;
}

interface ExportCounts {
  readonly samples: number;
  /** Of defects. */
  readonly photographs: number;
  readonly normals: number;
  /** Left out, because a picture is damaged. */
  readonly skipped: number;
}

export type LicenceOf = (
  model: string,
  /** The row of a model that the tenant uploaded. */
  ownId: string | undefined,
) => Licence | undefined | Promise<Licence | undefined>;

type Licence = ModelManifest['license'];

export interface ExportManifestOptions {
  readonly zip: ZipWriter;
  readonly listFile: (name: string) => JsonListFile;
  readonly row: ExportRow;
  readonly classes: readonly string[];
  readonly version: string;
  /** Undefined for a model that is no longer installed. */
  readonly licenceOf: LicenceOf;
}

export function createExportManifest({
  zip,
  listFile,
  row,
  classes,
  version,
  licenceOf,
}: ExportManifestOptions): ExportManifest {
  const lists = {
    generations: listFile('generations'),
    samples: listFile('samples'),
    photographs: listFile('photographs'),
    normals: listFile('normals'),
    skipped: listFile('skipped'),
  };
  /** With the row of each that the tenant uploaded, beside which the operator may have installed another of the same name. */
  const models = new Map<string, { readonly model: string; readonly ownId: string | undefined }>();
  let lastGeneration = '';

  /** The samples of a generation are consecutive, so each generation is written once. */
  async function addGeneration({ generation, product, defect }: ExportedSample): Promise<void> {
    if (generation.id === lastGeneration) return;
    lastGeneration = generation.id;
    const pair = { partNumber: product.partNumber, defectCode: defect.code };
    const request = resolvedRequestOf(generation, pair);
    if (owesModel(generation)) {
      const ownId = generation.settings.tenantModel?.id;
      models.set(`${request.model} ${ownId ?? ''}`, { model: request.model, ownId });
    }
    await lists.generations.append({
      id: generation.id,
      ...pair,
      createdAt: generation.createdAt,
      request: { ...request, photograph: generation.settings.photograph ?? null },
    });
  }

  return {
    async sample(entry, files) {
      await addGeneration(entry);
      await lists.samples.append({ files, ...sampleEntry(entry) });
    },
    twin: ({ sample, product, heldOut }, files) =>
      lists.normals.append({
        files,
        kind: 'TWIN',
        origin: 'SYNTHETIC',
        sampleId: sample.id,
        partNumber: product.partNumber,
        heldOut,
      }),
    photograph: ({ product }, { id, name }, heldOut, files) =>
      lists.normals.append({
        files,
        kind: 'PHOTOGRAPH',
        origin: 'REAL',
        referenceId: id,
        name,
        partNumber: product.partNumber,
        heldOut,
      }),
    defectivePhotograph: (entry, files) => lists.photographs.append({ files, ...photographEntry(entry) }),
    skippedPhotograph: ({ reference }, reason) => lists.skipped.append({ referenceId: reference.id, reason }),
    skipped: ({ sample, generation }, reason) =>
      lists.skipped.append({ sampleId: sample.id, generationId: generation.id, reason }),
    end: (counts) => zip.text('manifest.json', document(counts)),
  };

  async function* document({ skipped, ...whole }: ExportCounts): AsyncGenerator<string | Uint8Array> {
    const { id, format, createdAt } = row;
    // They stand beside the options, below.
    const settings = { ...row.settings, classes: undefined };
    const head = {
      formatVersion: 1,
      writtenBy: `DefectDiffu ${version}`,
      export: { id, format, ...settings, createdAt },
    };
    const counts = skipped === 0 ? whole : { ...whole, skipped };
    yield `${JSON.stringify({ ...head, counts, classes }).slice(0, -1)},\n"generations":[\n`;
    yield* lists.generations.items();
    yield '\n],\n"samples":[\n';
    yield* lists.samples.items();
    yield '\n],\n"photographs":[\n';
    yield* lists.photographs.items();
    yield '\n],\n"normals":[\n';
    yield* lists.normals.items();
    if (skipped > 0) {
      yield '\n],\n"skipped":[\n';
      yield* lists.skipped.items();
    }
    const licences: object[] = [];
    for (const [, { model, ownId }] of [...models].sort(([a], [b]) => (a < b ? -1 : 1)))
      licences.push({ model, license: (await licenceOf(model, ownId)) ?? null });
    yield `\n],\n"models":${JSON.stringify(licences)}}\n`;
  }
}

/** A defect that is transplanted and not harmonized owes nothing to a model, nor to its licence. */
function owesModel({ settings }: GenerationRow): boolean {
  return settings.photograph?.transplant?.notHarmonized == null;
}

function sampleEntry({ sample, product, defect, heldOut, donorProduct }: ExportedSample) {
  const { visibility, agreement, seam, filling, direction } = sample;
  return {
    origin: 'SYNTHETIC',
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
    draws: sample.attempt,
    attempt: sample.attempt,
    areaFraction: sample.areaFraction,
    boundingBoxes: sample.boundingBoxes,
    confidence: sample.confidence,
    scores: visibility === null ? null : { visibility, agreement, seam, filling, direction },
    referenceId: sample.referenceId,
    baseSampleId: sample.baseSampleId,
    ...(sample.transplant === null
      ? {}
      : {
          defectReferenceId: sample.defectReferenceId,
          donorSampleId: sample.donorSampleId,
          donorPartNumber: donorProduct?.partNumber ?? null,
          transplant: sample.transplant,
        }),
    createdAt: sample.createdAt,
  };
}

/** Nobody told the service a licence of it. */
function photographEntry({ reference, mask, product, defect, heldOut }: ExportedPhotograph) {
  return {
    origin: 'REAL',
    referenceId: reference.id,
    name: reference.name,
    partNumber: product.partNumber,
    product: { name: product.name, promptName: product.promptName },
    defectCode: defect.code,
    defect: { name: defect.name, promptName: defect.promptName },
    heldOut,
    width: reference.width,
    height: reference.height,
    areaFraction: mask.areaFraction,
    createdAt: reference.createdAt,
  };
}
