/**
 * Turns an uploaded archive into a version of a data set. As with single files, the files are durable before the rows that
 * name them are committed together: all photographs and the data set, or nothing. A refused archive leaves nothing behind,
 * and the same bytes again get the same answer. It goes on when the client hangs up.
 */
import { removePending } from '../../artifacts/pendingFiles.js';
import { StoreUnavailable } from '../../artifacts/store.js';
import type { Limits } from '../../config.js';
import type { Body } from '../../references/completeUpload.js';
import { repeatCompletion } from '../../references/completeUpload.js';
import { uploadsOf } from '../../references/uploads.js';
import type { UploadRow } from '../../storage/tables.js';
import type { Candidate } from '../candidates.js';
import { photographCandidate, photographsWith } from '../candidates.js';
import { USUAL_DIVISION } from '../dataSetInput.js';
import { divide } from '../divide.js';
import type { Member, NewVersion } from '../insertVersion.js';
import { insertVersion, requireRoom } from '../insertVersion.js';
import { findFolders } from './catalogFolders.js';
import type { StoredPhotograph } from './insertPhotographs.js';
import { insertPhotographs } from './insertPhotographs.js';
import { catalogOf } from '../../catalog/catalog.js';
import type { Archive } from './openArchive.js';
import { openArchive } from './openArchive.js';
import { Problems, invalidArchive } from './problems.js';
import { readLayout } from './readLayout.js';
import type { ReadingContext } from './readPhotographs.js';
import { readPhotographs } from './readPhotographs.js';

export interface DataSetUploadContext extends ReadingContext {
  readonly limits: Limits;
}

/** Throws `ServiceError`: NOT_FOUND, UPLOAD_CONFLICT, UPLOAD_EXHAUSTED, DATA_SET_ARCHIVE_INVALID, TOO_MANY_DATA_SETS, QUOTA_EXCEEDED. */
export async function completeDataSetUpload(context: DataSetUploadContext, id: string, body: Body): Promise<UploadRow> {
  const upload = await uploadsOf(context.scope).require(id);
  if (upload.completedAt !== null) return repeatCompletion(upload, body);
  return uploadsOf(context.scope).attempt(id, () => attempt(context, upload, body));
}

async function attempt(context: DataSetUploadContext, upload: UploadRow, body: Body): Promise<UploadRow> {
  const { scope, limits } = context;
  await requireRoom(scope, limits.dataSetsPerTenant, 'body');
  const archive = await openArchive(body.path, {
    bytes: limits.maximumArchiveBytes,
    fileBytes: limits.maximumUploadBytes,
    photographs: limits.photographsPerArchive,
  });
  try {
    return await importArchive(context, upload, body, archive);
  } finally {
    archive.close();
  }
}

async function importArchive(
  context: DataSetUploadContext,
  upload: UploadRow,
  body: Body,
  archive: Archive,
): Promise<UploadRow> {
  const { scope, store, limits } = context;
  const problems = new Problems();
  const { tested, ...layout } = await readLayout(archive, await partNumberOf(context, upload), problems);
  const most = Math.min(limits.photographsPerArchive, limits.membersPerDataSet);
  if (layout.photographs.length > most)
    throw invalidArchive(
      `has ${String(layout.photographs.length)} photographs; at most ${String(most)} are allowed: make several data sets, or upload photographs one by one`,
    );
  const folders = await findFolders(scope, layout, problems);
  const keys: string[] = [];
  try {
    const photographs = await readPhotographs(context, archive, layout, folders, problems, keys);
    problems.throwIfAny();
    const completed = await scope.transaction(async (tx) => {
      await context.requireStorage(tx, bytesOf(photographs));
      const open = await uploadsOf(tx).requireForUpdate(upload.id);
      if (open.completedAt !== null) return repeatCompletion(open, body);
      const ids = await insertPhotographs(tx, photographs, upload.createdBy);
      const names = new Map(ids.map((id, i) => [id, layout.root + (photographs[i]?.name ?? '')]));
      const candidates = (await photographsWith(tx, ids)).map(photographCandidate);
      const members =
        tested === undefined
          ? divide(candidates, USUAL_DIVISION, new Set())
          : asListed(candidates, ({ referenceId }) => names.get(referenceId ?? '') ?? '', tested);
      const version: NewVersion = {
        name: upload.name ?? '',
        chosenBy: tested === undefined ? USUAL_DIVISION : null,
        members,
        idempotencyKey: null,
        inputHash: body.hash,
        createdBy: upload.createdBy,
      };
      const { id: dataSetId } = await insertVersion(tx, version, limits.dataSetsPerTenant, 'body');
      return uploadsOf(tx).complete(upload.id, body.hash, { dataSetId });
    });
    // What another upload committed in the meantime is there twice now, and named once.
    await removePending(scope, store, keys);
    return completed;
  } catch (error) {
    await removePending(scope, store, keys, error instanceof StoreUnavailable);
    throw error;
  }
}

/** The product of the upload, for a layout that names none. */
async function partNumberOf({ scope }: DataSetUploadContext, { productId }: UploadRow): Promise<string | undefined> {
  const [shown] = productId === null ? [] : await catalogOf(scope).productsById([productId]);
  return shown?.partNumber;
}

/** As the archive says. @throws ServiceError if it divides photographs with the same pixels */
function asListed(
  candidates: readonly Candidate[],
  nameOf: (candidate: Candidate) => string,
  tested: ReadonlySet<string>,
): readonly Member[] {
  const problems = new Problems();
  const members = candidates.map((candidate): Member => ({
    ...candidate,
    split: tested.has(nameOf(candidate)) ? 'TEST' : 'TRAIN',
  }));
  for (const several of Map.groupBy(members, ({ source }) => source).values()) {
    const [one, other] = (['TRAIN', 'TEST'] as const).map((split) => several.find((member) => member.split === split));
    if (one !== undefined && other !== undefined)
      problems.add(
        `${nameOf(other)}: is for testing and has the pixels of ${nameOf(one)}, which is for learning: list both as one`,
      );
  }
  problems.throwIfAny();
  return members;
}

function bytesOf(photographs: readonly StoredPhotograph[]): number {
  return photographs.reduce((sum, { file, maskFile }) => sum + (file?.bytes ?? 0) + (maskFile?.bytes ?? 0), 0);
}
