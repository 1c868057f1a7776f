import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import type { CombinedError } from 'urql';
import { isTooOld, OVERLAP_MS } from '../app/resumable.ts';
import type { ReviewPartsFragment, SamplePartsFragment, SampleReviewInput } from '../generated/graphql.ts';
import { ReviewSamplesDocument, SampleReviewsDocument } from '../generated/graphql.ts';

type Review = ReviewPartsFragment['review'];
export type Change = Partial<Pick<Review, 'state' | 'tags' | 'comment'>>;
/** Of the review as it is once what is still being sent is stored. */
type Edit = (review: Review) => Change;

const RETRY_MS = 5_000;

interface Options {
  readonly change: (edit: (samples: readonly SamplePartsFragment[]) => readonly SamplePartsFragment[]) => void;
  /** Nobody knows what was reviewed meanwhile: a break was longer than the service remembers. */
  readonly onMissed: () => void;
}

export interface Reviewing {
  /** Resolves to whether it was stored. */
  readonly review: (sample: SamplePartsFragment, change: Change | Edit) => Promise<boolean>;
  /** Resolves to the id of the sample whose review it was. */
  readonly undo: () => Promise<string | undefined>;
  readonly mayUndo: boolean;
  /** The samples that others reviewed meanwhile, so that nothing of a change to them was stored, and no later one was. */
  readonly conflicts: readonly string[];
  readonly forgetConflicts: () => void;
  readonly error: Error | undefined;
}

/** Reviews one sample after another, remembers what was there before, and shows what others review meanwhile. */
export function useReview({ change, onMissed }: Options): Reviewing {
  const client = useClient();
  const former = useRef<ReviewPartsFragment[]>([]);
  const [undoable, setUndoable] = useState(0);
  const [conflicts, setConflicts] = useState<readonly string[]>([]);
  const [error, setError] = useState<Error>();

  const take = useCallback(
    ({ id, review }: ReviewPartsFragment) =>
      change((samples) =>
        samples.map((sample) =>
          sample.id === id && sample.review.version <= review.version ? { ...sample, review } : sample,
        ),
      ),
    [change],
  );
  /** What was stored here, which a key pressed soon after has not seen yet; and what is still being sent. */
  const mine = useRef(new Map<string, Review>());
  const sending = useRef<Promise<unknown>>(Promise.resolve());
  const on = useRef({ take, onMissed });
  useEffect(() => {
    on.current = { take, onMissed };
  }, [take, onMissed]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let subscription: { unsubscribe(): void } | undefined;
    const follow = () => {
      // After a break, the client goes on from the last review that came (resumable.ts).
      const since = new Date(Date.now() - OVERLAP_MS).toISOString();
      subscription = client.subscription(SampleReviewsDocument, { since }).subscribe(({ data, error: broken }) => {
        // Beside an error come the former data, or null if there were none.
        if (data != null) on.current.take(data.sampleReviews);
        // A sample that was deleted meanwhile is an error beside the others, after which more reviews come.
        if (broken === undefined || isNotFound(broken)) return;
        subscription?.unsubscribe();
        if (isTooOld(broken)) on.current.onMissed();
        timer = setTimeout(follow, RETRY_MS);
      });
    };
    follow();
    return () => {
      clearTimeout(timer);
      subscription?.unsubscribe();
    };
  }, [client]);

  const send = useCallback(
    async (input: SampleReviewInput): Promise<'stored' | 'conflict' | 'failed'> => {
      const answer = await client.mutation(ReviewSamplesDocument, { input: { reviews: [input] } });
      const stored = answer.data?.reviewSamples.samples[0];
      const conflicting = answer.data?.reviewSamples.conflicts[0];
      setError(answer.error);
      if (answer.data != null) {
        const others = (former: readonly string[]) => former.filter((id) => id !== input.sampleId);
        setConflicts((former) => [...others(former), ...(conflicting === undefined ? [] : [conflicting.id])]);
      }
      if (conflicting !== undefined) take(conflicting);
      if (stored !== undefined) {
        mine.current.set(stored.id, stored.review);
        take(stored);
      }
      if (stored !== undefined) return 'stored';
      return conflicting === undefined ? 'failed' : 'conflict';
    },
    [client, take],
  );

  /** After what is still being sent. */
  const next = useCallback(<Result>(step: () => Promise<Result>): Promise<Result> => {
    const result = sending.current.then(step);
    sending.current = result;
    return result;
  }, []);

  const review = useCallback(
    ({ id, review: seen }: SamplePartsFragment, given: Change | Edit) =>
      next(async () => {
        const stored = mine.current.get(id);
        const before = stored !== undefined && stored.version > seen.version ? stored : seen;
        const wanted = typeof given === 'function' ? given(before) : given;
        if ((await send({ sampleId: id, version: before.version, ...wanted })) !== 'stored') return false;
        former.current.push({ id, review: before });
        setUndoable(former.current.length);
        return true;
      }),
    [next, send],
  );

  const undo = useCallback(
    () =>
      next(async () => {
        const last = former.current.pop();
        if (last === undefined) return undefined;
        const { state, tags, comment, version } = last.review;
        const now = mine.current.get(last.id)?.version ?? version;
        const end = await send({ sampleId: last.id, version: now, state, tags, comment });
        // It can be undone once the network, or the session, is back.
        if (end === 'failed') former.current.push(last);
        setUndoable(former.current.length);
        return last.id;
      }),
    [next, send],
  );

  const forgetConflicts = useCallback(() => setConflicts([]), []);

  return { review, undo, mayUndo: undoable > 0, conflicts, forgetConflicts, error };
}

function isNotFound({ graphQLErrors }: CombinedError): boolean {
  return graphQLErrors.some(({ extensions }) => extensions['code'] === 'NOT_FOUND');
}
