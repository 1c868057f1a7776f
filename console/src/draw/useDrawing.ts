import { useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import type { CombinedError } from 'urql';
import { endsSession } from '../app/client.ts';
import type { DrawingEventsSubscription, GenerateDefectsInput, SamplePartsFragment } from '../generated/graphql.ts';
import { CancelGenerationDocument, DrawingEventsDocument, GenerateDefectsDocument } from '../generated/graphql.ts';
import { setAsideDraft } from './setAsideDraft.ts';

export interface Drawing {
  readonly phase: 'idle' | 'waiting' | 'drawing' | 'done' | 'canceled' | 'failed';
  readonly generationId?: string;
  /** Of the samples below. */
  readonly draft: boolean;
  readonly fraction: number;
  readonly ahead?: number | null;
  readonly estimatedSeconds?: number | null;
  readonly samples: readonly SamplePartsFragment[];
  /** Of the samples that are not ready, by their index. */
  readonly previews: ReadonlyMap<number, string>;
  readonly seed?: number;
  readonly error?: Error | string;
}

/** A generation whose samples were asked for on this page before it was left. */
export interface Drawn {
  readonly id: string;
  readonly seed: number | undefined;
}

type GenerationEvent = DrawingEventsSubscription['generationEvents'];

/** A generation whose events are not all here. */
interface Followed {
  readonly id: string;
  readonly draft: boolean;
  readonly turn: number;
  /** Whether the page was left meanwhile. */
  readonly restored?: boolean;
  readonly samples: SamplePartsFragment[];
  readonly previews: Map<number, string>;
  /** The seq of its last event. */
  after: number;
  unfollow: () => void;
}

const IDLE: Drawing = { phase: 'idle', draft: false, fraction: 0, samples: [], previews: new Map() };

/** The newest request wins: the one before it is canceled, and what still arrives of it is not shown. */
export function useDrawing(drawn?: Drawn) {
  const client = useClient();
  const [drawing, setDrawing] = useState<Drawing>(() => (drawn === undefined ? IDLE : again(drawn)));
  const newest = useRef(0);
  const stop = useRef<() => void>(() => undefined);
  const followed = useRef(new Set<Followed>());

  const follow = useCallback(
    (one: Followed) => {
      const { id, draft } = one;
      followed.current.add(one);
      const isShown = () => one.turn === newest.current;
      const { unsubscribe } = client
        .subscription(DrawingEventsDocument, { id, after: one.after })
        .subscribe(({ data, error }) => {
          // The session ended: whoever signs in again has another client, which goes on after the last event.
          if (error !== undefined && endsSession(error)) return;
          const event = data?.generationEvents;
          // Of a draft that nobody waits for any more, too: it may have been drawn before it was canceled.
          if (draft && event?.__typename === 'SampleReady') void setAsideDraft(client, event.sample.id);
          if (event !== undefined) one.after = Math.max(one.after, event.seq);
          // What was drawn before may be gone by now.
          const failed = (problem: CombinedError) => (one.restored ? { ...IDLE } : failedBy(problem));
          const next = error === undefined ? changeBy(event, one) : failed(error);
          if (next.phase !== undefined) followed.current.delete(one);
          if (isShown()) setDrawing((former) => ({ ...former, ...next }));
        });
      one.unfollow = unsubscribe;
    },
    [client],
  );

  const cancelIt = useCallback(
    (id: string) => void client.mutation(CancelGenerationDocument, { id }).toPromise(),
    [client],
  );

  const begin = useCallback(
    (one: Followed) => {
      follow(one);
      if (one.turn !== newest.current) return;
      stop.current = () => {
        stop.current = () => undefined;
        if (!followed.current.has(one)) return;
        // The events of a draft are followed to their end.
        if (!one.draft) {
          one.unfollow();
          followed.current.delete(one);
        }
        cancelIt(one.id);
      };
    },
    [cancelIt, follow],
  );

  const restored = useRef(drawn);
  useEffect(() => {
    const all = followed.current;
    for (const one of all) {
      one.unfollow();
      follow(one);
    }
    if (restored.current === undefined) return;
    begin({ ...unfollowed(restored.current.id), draft: false, turn: newest.current, restored: true });
    restored.current = undefined;
  }, [begin, follow]);

  const cancel = useCallback(() => {
    newest.current += 1;
    stop.current();
    setDrawing((former) => (isRunning(former) ? { ...former, phase: 'canceled' } : former));
  }, []);

  const draw = useCallback(
    async (input: GenerateDefectsInput, { draft, afresh = false }: { draft: boolean; afresh?: boolean }) => {
      const turn = ++newest.current;
      stop.current();
      setDrawing(({ samples, draft: was }) => ({
        phase: 'waiting',
        draft: was,
        fraction: 0,
        samples: afresh ? [] : samples,
        previews: new Map(),
      }));
      const { data, error } = await client.mutation(GenerateDefectsDocument, { input: [input] });
      const generation = data?.generateDefects[0];
      if (turn !== newest.current) {
        if (generation !== undefined) cancelIt(generation.id);
        if (!draft) return;
      }
      if (generation === undefined) {
        if (turn === newest.current) setDrawing((former) => ({ ...former, ...failedBy(error ?? 'no answer') }));
        return;
      }
      const { id, request } = generation;
      if (turn === newest.current)
        setDrawing((former) => ({ ...former, phase: 'drawing', generationId: id, seed: request.seed }));
      begin({ ...unfollowed(id), draft, turn });
    },
    [begin, cancelIt, client],
  );

  // Whoever leaves the page does not cancel what they asked for.
  useEffect(() => () => void (newest.current += 1), []);

  return { drawing, draw, cancel };
}

function again({ id, seed }: Drawn): Drawing {
  return { ...IDLE, phase: 'drawing', generationId: id, ...(seed !== undefined && { seed }) };
}

function unfollowed(id: string): Omit<Followed, 'draft' | 'turn'> {
  return { id, samples: [], previews: new Map(), after: 0, unfollow: () => undefined };
}

export function isRunning({ phase }: Drawing): boolean {
  return phase === 'waiting' || phase === 'drawing';
}

/** What the event changes; a phase only if no event follows. */
function changeBy(event: GenerationEvent | undefined, { draft, samples, previews }: Followed): Partial<Drawing> {
  switch (event?.__typename) {
    case 'GenerationQueued':
      return { ahead: event.ahead, estimatedSeconds: event.estimatedSeconds };
    case 'GenerationProgressed': {
      const { fraction } = event.progress;
      if (event.previews.length === 0) return { fraction };
      for (const { index, image } of event.previews)
        if (!samples.some((sample) => sample.index === index)) previews.set(index, image);
      return { fraction, draft, samples: samples.slice(), previews: new Map(previews) };
    }
    case 'SampleReady': {
      const { sample } = event;
      if (!samples.some(({ id }) => id === sample.id)) samples.push(sample);
      samples.sort((one, other) => one.index - other.index);
      previews.delete(sample.index);
      return { draft, samples: samples.slice(), previews: new Map(previews) };
    }
    case 'GenerationSucceeded':
      return { phase: 'done', fraction: 1 };
    case 'GenerationFailed':
      return failedBy(event.error.message);
    case 'GenerationCanceled':
      return { phase: 'canceled' };
    default:
      return {};
  }
}

function failedBy(error: Error | string): Partial<Drawing> & { phase: 'failed' } {
  return { phase: 'failed', error };
}
