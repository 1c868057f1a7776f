import { Arg, Ctx, Resolver, Root, Subscription } from 'type-graphql';
import { DateTime } from '../schema/dateTime.js';
import { badInput } from '../errors.js';
import { followGenerations } from '../generations/events/generationEvents.js';
import { GenerationEvent } from '../schema/events.js';
import type { EventRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { inTurns, toEvent } from './events.js';

const MAX_AGE_MS = 86_400_000;
/** How far the clock of a client may be ahead. */
const MAX_AHEAD_MS = 60_000;

@Resolver()
export class AllEventsResolver {
  @Subscription(() => GenerationEvent, {
    description:
      'The events of all generations of the tenant: those of each generation in order. The stream does not end. After a reconnect, pass as `since` a time one minute before the last event that you saw; you then get some events again, which you recognize by the id of the generation and seq.',
    subscribe: ({ args, context }: { args: unknown; context: unknown }) =>
      eventsOf(args as { since?: Date | null }, context as Context) as never,
  })
  allGenerationEvents(
    @Root() event: EventRow,
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

function eventsOf({ since }: { since?: Date | null }, { scope, services }: Context): AsyncIterable<EventRow> {
  requireRecent(since, 'query generations');
  return inTurns(followGenerations(scope, since ?? undefined, services.waiters), () =>
    services.turns.next(scope.tenantId),
  );
}

/**
 * A time from which on events are told: not long ago, and not in the future, for what follows would be missed until then.
 * @param instead what tells of what was before
 */
export function requireRecent(since: Date | null | undefined, instead: string): void {
  if (since == null) return;
  const age = Date.now() - since.getTime();
  const time = since.toISOString();
  if (age > MAX_AGE_MS) throw badInput('since', `${time} is more than a day ago; ${instead} for what was before`);
  if (age < -MAX_AHEAD_MS) throw badInput('since', `${time} is in the future; leave it out for what follows`);
}
