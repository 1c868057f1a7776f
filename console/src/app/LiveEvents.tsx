import { Badge } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useClient } from 'urql';
import { AllGenerationEventsDocument } from '../generated/graphql.ts';
import { announce } from './eventBus.ts';

/** After a break, the events of this long before the last one are sent again; the cache takes them twice in the same way. */
const OVERLAP_MS = 5_000;

/**
 * Keeps every generation on every page up to date: the events carry the state, and the cache hands it to whatever shows
 * it. Shows how many generations are unfinished.
 */
export function LiveEvents() {
  const { t } = useTranslation();
  const client = useClient();
  const [unfinished, setUnfinished] = useState<ReadonlySet<string>>(new Set());

  useEffect(() => {
    let last = Date.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let subscription: { unsubscribe(): void } | undefined;
    const follow = () => {
      const since = new Date(last - OVERLAP_MS).toISOString();
      subscription = client.subscription(AllGenerationEventsDocument, { since }).subscribe(({ data, error }) => {
        if (error !== undefined) {
          subscription?.unsubscribe();
          timer = setTimeout(follow, OVERLAP_MS);
          return;
        }
        const event = data?.allGenerationEvents;
        if (event === undefined) return;
        last = Math.max(last, Date.parse(event.at));
        const { id, status } = event.generation;
        const finished = status !== 'QUEUED' && status !== 'RUNNING';
        setUnfinished((former) => {
          if (former.has(id) !== finished) return former;
          const next = new Set(former);
          if (finished) next.delete(id);
          else next.add(id);
          return next;
        });
        announce({ type: event.__typename, generationId: id });
      });
    };
    follow();
    return () => {
      clearTimeout(timer);
      subscription?.unsubscribe();
    };
  }, [client]);

  if (unfinished.size === 0) return null;
  return (
    <Badge component={Link} href="/queue" variant="light" size="lg" tt="none">
      {t('shell.unfinished', { count: unfinished.size })}
    </Badge>
  );
}
