/**
 * A subscription with the variable `since` or `after` goes on after a break where it was. The socket sends an operation
 * again when it connects again, with the variables as they are then.
 */
import type { CombinedError } from 'urql';

/** Clocks differ, and a transaction commits after its time, so some events come twice. */
export const OVERLAP_MS = 60_000;

/** Whether `since` lies further back than the service tells of, so that lists have to be read again. */
export function isTooOld({ graphQLErrors }: CombinedError): boolean {
  return graphQLErrors.some(({ extensions }) => extensions['field'] === 'since');
}

interface Sink<Value> {
  next(value: Value): void;
  error(error: unknown): void;
  complete(): void;
}

export function resumable<Value extends { readonly data?: unknown }>(
  variables: Record<string, unknown>,
  sink: Sink<Value>,
): Sink<Value> {
  return {
    next(value) {
      const [item] = Object.values((value.data ?? {}) as Record<string, Item | null>);
      const time = timeOf(item);
      if ('since' in variables && time !== undefined)
        variables['since'] = new Date(Math.max(time - OVERLAP_MS, sinceOf(variables))).toISOString();
      if ('after' in variables && item?.seq !== undefined)
        variables['after'] = Math.max(item.seq, Number(variables['after']));
      sink.next(value);
    },
    error: (error) => sink.error(error),
    complete: () => sink.complete(),
  };
}

/** An event, or a sample with its review. */
interface Item {
  readonly at?: string;
  readonly seq?: number;
  readonly review?: { readonly reviewedAt?: string | null };
}

function sinceOf({ since }: Record<string, unknown>): number {
  return typeof since === 'string' ? Date.parse(since) : 0;
}

/** When the service says that it happened. */
function timeOf(item: Item | null | undefined): number | undefined {
  const text = item?.at ?? item?.review?.reviewedAt;
  return text == null ? undefined : Date.parse(text);
}
