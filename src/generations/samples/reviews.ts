/**
 * Reviews of samples by several people at once. A review names the version that its author saw. If somebody else
 * changed the review since, it is a conflict and changes nothing, so that nobody's review is lost unseen. A repeated
 * review, such as after a lost answer, is not a conflict.
 */
import { ServiceError, badInput, quote } from '../../errors.js';
import { outOfRange } from '../../range.js';
import { requireEachOnce } from '../../requireEachOnce.js';
import { notify } from '../../storage/database.js';
import { eq, inArray } from '../../storage/drizzle.js';
import { isId } from '../../storage/identifiers.js';
import type { ReviewState, SampleRow } from '../../storage/tables.js';
import { samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { requireText } from '../../validateText.js';

/** The channel that notifies the id of a tenant when reviews of its samples have changed. */
export const REVIEW_CHANNEL = 'review';
export const MAX_REVIEWS = 200;
const MAX_TAGS = 20;
const TAG_LENGTH = 50;
const COMMENT_LENGTH = 2000;

export interface ReviewInput {
  readonly sampleId: string;
  /** The version of the review that its author saw. */
  readonly version: number;
  /** What is null or left out stays as it is. */
  readonly state?: ReviewState | null;
  readonly tags?: readonly string[] | null;
  readonly comment?: string | null;
}

export interface ReviewOutcome {
  readonly samples: readonly SampleRow[];
  readonly conflicts: readonly SampleRow[];
}

export async function reviewSamples(scope: TenantScope, given: readonly ReviewInput[]): Promise<ReviewOutcome> {
  const reviews = given.map((review, i) => validReview(review, `input.reviews[${String(i)}]`));
  if (reviews.length > MAX_REVIEWS) {
    const message = `${String(reviews.length)} reviews are more than ${String(MAX_REVIEWS)}`;
    throw outOfRange('input.reviews', message, { min: 0, max: MAX_REVIEWS, value: reviews.length });
  }
  requireEachOnce(
    reviews.map(({ sampleId }) => sampleId),
    (i) => `input.reviews[${String(i)}].sampleId`,
  );
  return scope.transaction(async (tx) => {
    const found = await lockedSamples(tx, reviews);
    const done: SampleRow[] = [];
    const conflicts: SampleRow[] = [];
    let changed = false;
    for (const [i, { version, ...review }] of reviews.entries()) {
      const row = found[i] as SampleRow;
      if (isSame(row, review)) done.push(row);
      else if (row.reviewVersion !== version) conflicts.push(row);
      else {
        done.push(await change(tx, row, review));
        changed = true;
      }
    }
    if (changed) await notify(tx.database, REVIEW_CHANNEL, tx.tenantId);
    return { samples: done, conflicts };
  });
}

type Content = Omit<ReviewInput, 'version' | 'sampleId'>;

async function change(scope: TenantScope, row: SampleRow, { state, tags, comment }: Content): Promise<SampleRow> {
  const set = {
    reviewState: state ?? row.reviewState,
    reviewTags: [...(tags ?? row.reviewTags)],
    reviewComment: comment ?? row.reviewComment,
    reviewVersion: row.reviewVersion + 1,
    reviewedBy: scope.createdBy,
    reviewedAt: new Date(),
  };
  await scope.database
    .update(samples)
    .set(set)
    .where(scope.rows(samples, eq(samples.id, row.id)));
  return { ...row, ...set };
}

function isSame({ reviewState, reviewTags, reviewComment }: SampleRow, { state, tags, comment }: Content): boolean {
  return (
    (state ?? reviewState) === reviewState &&
    (comment ?? reviewComment) === reviewComment &&
    (tags ?? reviewTags).join('\n') === reviewTags.join('\n')
  );
}

/** In the order of the reviews. Locked in the order of their ids, so that two callers cannot wait for each other. */
async function lockedSamples(
  { database, rows }: TenantScope,
  reviews: readonly ReviewInput[],
): Promise<readonly SampleRow[]> {
  const ids = reviews.map(({ sampleId }) => sampleId).filter(isId);
  const found = await database
    .select()
    .from(samples)
    .where(rows(samples, inArray(samples.id, ids)))
    .orderBy(samples.id)
    .for('update');
  const byId = new Map(found.map((row) => [row.id, row]));
  return reviews.map(({ sampleId }, i) => {
    const row = byId.get(sampleId);
    if (row !== undefined) return row;
    const field = `input.reviews[${String(i)}].sampleId`;
    throw new ServiceError('NOT_FOUND', `${field}: there is no sample ${quote(sampleId)}`, { field });
  });
}

function validReview({ sampleId, tags, comment, ...review }: ReviewInput, field: string): ReviewInput {
  return {
    ...review,
    sampleId,
    ...(tags != null && { tags: validTags(tags, `${field}.tags`) }),
    ...(comment != null && { comment: validComment(comment, `${field}.comment`) }),
  };
}

function validTags(given: readonly string[], field: string): readonly string[] {
  const tags = [...new Set(given.map((tag, i) => requireText(tag.normalize('NFC').trim(), `${field}[${String(i)}]`)))];
  const long = tags.find((tag) => tag.length > TAG_LENGTH);
  if (long !== undefined)
    throw badInput(field, `${quote(long)} has ${String(long.length)} characters, more than ${String(TAG_LENGTH)}`);
  if (tags.length > MAX_TAGS) throw badInput(field, `${String(tags.length)} tags are more than ${String(MAX_TAGS)}`);
  return tags;
}

function validComment(given: string, field: string): string {
  const comment = given.normalize('NFC').trim();
  if (comment.length > COMMENT_LENGTH)
    throw badInput(field, `has ${String(comment.length)} characters, more than ${String(COMMENT_LENGTH)}`);
  // Lines may end; other control characters and unpaired surrogates are not text.
  if (/[\p{Cc}\p{Cs}]/u.test(comment.replace(/[\n\r\t]/g, '')))
    throw badInput(field, `${quote(comment)} has a character that is not text`);
  return comment;
}
