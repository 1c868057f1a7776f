import { Arg, Ctx, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import { badInput } from '../errors.js';
import { followGeneration } from '../generations/events/generationEvents.js';
import type { SamplePreview } from '../schema/events.js';
import { GenerationEvent } from '../schema/events.js';
import type { Preview } from '../storage/jsonColumns.js';
import type { EventRow, GenerationRow, SampleRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { progressOf } from './generations.js';

export interface EventArgs {
  readonly id: string;
  readonly after?: number | null;
}

@Resolver()
export class EventResolver {
  @Subscription(() => GenerationEvent, {
    description:
      'Every event of a generation with a seq above `after`, in order. The stream ends after the last event of the generation.',
    subscribe: ({ args, context }: { args: unknown; context: unknown }) =>
      eventsOf(args as EventArgs, context as Context) as never,
  })
  generationEvents(
    @Root() event: EventRow,
    @Arg('id', () => ID) _id: string,
    @Arg('after', () => Int, { nullable: true, defaultValue: 0, description: 'The last seq that you saw.' })
    _after: number | null,
    @Ctx() context: Context,
  ): object {
    context.resetLoaders();
    return toEvent(event, context);
  }
}

async function eventsOf(args: EventArgs, context: Context): Promise<AsyncIterable<EventRow>> {
  const { generations, scope, services } = context;
  const after = seqAfter(args);
  const { id: generationId } = await generations.require(args.id);
  const events = followGeneration(scope, generationId, after, services.waiters);
  return inTurns(events, () => services.turns.next(scope.tenantId));
}

/** The seq of the last event that a subscriber saw. */
export function seqAfter({ after: given }: EventArgs): number {
  const after = given ?? 0;
  if (after >= 0) return after;
  throw badInput('after', `${String(after)} is below 0; it is the seq of the last event seen`);
}

/** One event can have thousands of subscribers, who all wake up at once. */
export function inTurns<T>(source: AsyncIterableIterator<T>, turn: () => Promise<void> | undefined): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const item = await source.next();
        if (item.done !== true) await turn();
        return item;
      },
      return: async () => (await source.return?.()) ?? { done: true as const, value: undefined },
    }),
  };
}

function toPreview({ index, webp }: Preview): SamplePreview {
  return { index, image: `data:image/webp;base64,${webp}` };
}

/** Getters, so that only the fields that the subscriber selected are looked up. */
export function toEvent({ payload, seq, at, generationId }: EventRow, { loaders }: Context): object {
  return {
    type: payload.type,
    seq,
    at,
    get generation(): Promise<GenerationRow> {
      return loaders.generation.load(generationId);
    },
    get sample(): Promise<SampleRow> | undefined {
      return payload.type === 'SampleReady' ? loaders.sample.load(payload.sampleId) : undefined;
    },
    ...(payload.type === 'GenerationQueued' ? payload : {}),
    progress: payload.type === 'GenerationProgressed' ? progressOf(payload) : undefined,
    previews: payload.type === 'GenerationProgressed' ? (payload.previews ?? []).map(toPreview) : undefined,
    error: payload.type === 'GenerationFailed' ? payload.failure : undefined,
  };
}
