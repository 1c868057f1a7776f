/** Converts filters of the API to conditions of the repositories. */
import type { AliasConditions } from '../catalog/aliases.js';
import type { CatalogConditions } from '../catalog/catalog.js';
import { optionalCode } from '../catalog/codes.js';
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import type { CatalogKind } from '../catalog/promptNames.js';
import { vocabularyWords } from '../catalog/promptNames.js';
import { outOfRange } from '../range.js';
import type { GenerationConditions } from '../generations/generationRepository.js';
import type { SampleConditions } from '../generations/samples/sampleConditions.js';
import type { AliasFilter } from '../schema/alias.js';
import type { CatalogFilter } from '../schema/catalog.js';
import type { GenerationFilter } from '../schema/generation.js';
import type { SampleFilter } from '../schema/sample.js';
import { optionalText } from '../validateText.js';

export function catalogConditions(
  filter: CatalogFilter | null,
  includeArchived: boolean | null,
  kind: CatalogKind,
  models: ModelRegistry,
): CatalogConditions {
  const model = optionalText(filter?.drawableBy, 'filter.drawableBy');
  return {
    search: optionalCode(filter?.search, 'filter.search'),
    promptName: optionalText(filter?.promptName, 'filter.promptName'),
    promptNames: model === undefined ? undefined : vocabularyWords(models.find(model), kind),
    archived: filter?.archived ?? (includeArchived === true ? undefined : false),
    ...creation(filter),
    updatedAfter: validDate(filter?.updatedAfter, 'filter.updatedAfter'),
    updatedBefore: validDate(filter?.updatedBefore, 'filter.updatedBefore'),
  };
}

export function aliasConditions(filter: AliasFilter | null): AliasConditions {
  return {
    scheme: optionalText(filter?.scheme?.normalize('NFC').trim(), 'filter.scheme'),
    externalCode: optionalCode(filter?.externalCode, 'filter.externalCode'),
  };
}

export function generationConditions(filter: GenerationFilter | null): GenerationConditions {
  const model = optionalText(filter?.model, 'filter.model');
  return { ...codes(filter), ...creation(filter), statuses: filter?.status ?? undefined, model };
}

export function sampleConditions(filter: SampleFilter | null): SampleConditions {
  const bounds = (range: SampleFilter['strength']) => ({ min: range?.min ?? undefined, max: range?.max ?? undefined });
  return {
    ...codes(filter),
    ...creation(filter),
    generationId: filter?.generationId ?? undefined,
    strength: bounds(filter?.strength),
    areaFraction: bounds(filter?.areaFraction),
    confidence: bounds(filter?.confidence),
    visibility: bounds(filter?.visibility),
    agreement: bounds(filter?.agreement),
    seam: bounds(filter?.seam),
    direction: bounds(filter?.direction),
    referenceId: filter?.referenceId ?? undefined,
    defectReferenceId: filter?.defectReferenceId ?? undefined,
    reviewStates: filter?.review ?? undefined,
    reviewTag: optionalText(filter?.tag?.normalize('NFC').trim(), 'filter.tag'),
  };
}

function codes(filter: { partNumber?: string | null; defectCode?: string | null } | null) {
  return {
    partNumber: optionalCode(filter?.partNumber, 'filter.partNumber'),
    defectCode: optionalCode(filter?.defectCode, 'filter.defectCode'),
  };
}

function creation(filter: { createdAfter?: Date | null; createdBefore?: Date | null } | null) {
  return {
    createdAfter: validDate(filter?.createdAfter, 'filter.createdAfter'),
    createdBefore: validDate(filter?.createdBefore, 'filter.createdBefore'),
  };
}

/** A time that the database can compare with. PostgreSQL accepts years of four digits here. */
function validDate(time: Date | null | undefined, field: string): Date | undefined {
  if (time == null) return undefined;
  const year = time.getUTCFullYear();
  if (year >= 1 && year <= 9999) return time;
  throw outOfRange(field, `the year ${String(year)} is out of range 1 … 9999`, { min: 1, max: 9999, value: year });
}
