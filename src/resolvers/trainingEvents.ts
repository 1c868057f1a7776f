import { Arg, Ctx, ID, Int, Resolver, Root, Subscription } from 'type-graphql';
import { DateTime } from '../schema/dateTime.js';
import { TrainingEvent } from '../schema/trainingEvents.js';
import type { TrainingEventRow, TrainingRow } from '../storage/tables.js';
import { followTraining, followTrainings } from '../trainings/trainingEvents.js';
import { requireRecent } from './allEvents.js';
import type { Context } from './context.js';
import type { EventArgs } from './events.js';
import { inTurns, seqAfter } from './events.js';
import { toImageGrid, toProgress, toVerdict } from './trainingViews.js';

@Resolver()
export class TrainingEventResolver {
  @Subscription(() => TrainingEvent, {
    description:
      'Every event of a training with a seq above `after`, in order. The stream ends after the last event of the training.',
    subscribe: ({ args, context }: { args: unknown; context: unknown }) =>
      eventsOf(args as EventArgs, context as Context) as never,
  })
  trainingEvents(
    @Root() event: TrainingEventRow,
    @Arg('id', () => ID) _id: string,
    @Arg('after', () => Int, { nullable: true, defaultValue: 0, description: 'The last seq that you saw.' })
    _after: number | null,
    @Ctx() context: Context,
  ): object {
    context.resetLoaders();
    return toEvent(event, context);
  }

  @Subscription(() => TrainingEvent, {
    description:
      'The events of all trainings of the tenant: those of each training in order. The stream does not end. After a reconnect, pass as `since` a time one minute before the last event that you saw; you then get some events again, which you recognize by the id of the training and seq.',
    subscribe: ({ args, context }: { args: unknown; context: unknown }) =>
      allEventsOf(args as { since?: Date | null }, context as Context) as never,
  })
  allTrainingEvents(
    @Root() event: TrainingEventRow,
    @Arg('since', () => DateTime, {
      nullable: true,
      description: 'Also the events from then on, up to a day ago. Default: only events that follow.',
    })
    _since: Date | null,
    @Ctx() context: Context,
  ): object {
    context.resetLoaders();
    return toEvent(event, context);
  }
}

function allEventsOf({ since }: { since?: Date | null }, { scope, services }: Context) {
  requireRecent(since, 'query trainings');
  const events = followTrainings(scope, since ?? undefined, services.waiters);
  return inTurns(events, () => services.turns.next(scope.tenantId));
}

async function eventsOf(args: EventArgs, { trainings, scope, services }: Context) {
  const after = seqAfter(args);
  const { id } = await trainings.require(args.id);
  return inTurns(followTraining(scope, id, after, services.waiters), () => services.turns.next(scope.tenantId));
}

/** Getters, so that only the fields that the subscriber selected are looked up. */
function toEvent({ payload, seq, at, trainingId }: TrainingEventRow, context: Context): object {
  const event = {
    type: payload.type,
    seq,
    at,
    get training(): Promise<TrainingRow> {
      return context.loaders.training.load(trainingId);
    },
  };
  switch (payload.type) {
    case 'TrainingStarted':
      return Object.assign(event, { attempt: payload.attempt });
    case 'TrainingProgressed':
      return Object.assign(event, { progress: toProgress(payload.progress) });
    case 'TrainingNoted':
      return Object.assign(event, { isWarning: payload.isWarning, message: payload.message });
    case 'ImageGridReady':
      return Object.assign(event, { imageGrid: toImageGrid(payload, context) });
    case 'TrainingJudged':
      return Object.assign(event, { verdict: toVerdict(payload.verdict) });
    case 'TrainingFailed':
      return Object.assign(event, { error: payload.failure });
    default:
      return event;
  }
}
