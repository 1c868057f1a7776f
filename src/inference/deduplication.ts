/**
 * Generates identical samples once while they are in flight together. Each caller gets the result under its own ID. Callers may be
 * different tenants: a result depends on its request alone, so all that one could learn about another is that somebody requested the
 * same sample at the same time.
 */
import { CanceledError } from './errors.js';
import { requestKey } from './requestKey.js';
import type { GenerateOptions, GenerateSample, SampleRequest, SampleResult } from './types.js';

/** A caller that waits for a shared sample. */
interface Subscriber {
  readonly request: SampleRequest;
  readonly options: GenerateOptions;
  readonly resolve: (result: SampleResult) => void;
  readonly reject: (error: unknown) => void;
}

/** One sample that is generated for all its subscribers. The last subscriber that leaves cancels it. */
interface SharedSample {
  readonly key: string;
  readonly subscribers: Set<Subscriber>;
  /** The highest priority of any subscriber so far. */
  priority: number;
  started: boolean;
  canceled: boolean;
  /** The request that is being generated, with the fairness key of the first subscriber, and how to cancel it. */
  run: { readonly request: SampleRequest; readonly controller: AbortController };
}

export function deduplicate(generate: GenerateSample): GenerateSample {
  /** The samples that can be joined. */
  const joinable = new Map<string, SharedSample>();

  const close = (shared: SharedSample): void => {
    if (joinable.get(shared.key) === shared) joinable.delete(shared.key);
  };

  /** A callback of one subscriber may cancel others. */
  const notify = (shared: SharedSample, callback: (subscriber: Subscriber) => void): void => {
    for (const subscriber of [...shared.subscribers])
      if (shared.subscribers.has(subscriber) && !shared.canceled) callback(subscriber);
  };

  /** Starts to generate the sample. A run that is replaced by another is no longer heard. */
  const startRun = (shared: SharedSample): void => {
    const { run } = shared;
    const isCurrent = (): boolean => shared.run === run;
    const settle = (callback: (subscriber: Subscriber) => void): void => {
      if (!isCurrent()) return;
      close(shared);
      shared.subscribers.forEach(callback);
    };
    generate(run.request, {
      signal: run.controller.signal,
      onStarted() {
        if (!isCurrent()) return;
        shared.started = true;
        notify(shared, ({ options }) => options.onStarted?.());
      },
      onProgress(step, steps) {
        if (isCurrent()) notify(shared, ({ options }) => options.onProgress?.(step, steps));
      },
      onPreview(image) {
        if (isCurrent()) notify(shared, ({ options }) => options.onPreview?.(image));
      },
      onWorkerExit(error) {
        if (isCurrent()) notify(shared, ({ options }) => options.onWorkerExit?.(error));
      },
    }).then(
      (result) => settle(({ request, resolve }) => resolve({ ...result, id: request.id })),
      (error: unknown) => settle(({ reject }) => reject(error)),
    );
  };

  const createShared = (key: string, request: SampleRequest): SharedSample => {
    const { priority = 0 } = request;
    const run = { request, controller: new AbortController() };
    return { key, subscribers: new Set(), priority, started: false, canceled: false, run };
  };

  const raisePriority = (shared: SharedSample, priority: number): void => {
    const replaced = shared.run;
    shared.priority = priority;
    shared.run = { request: { ...replaced.request, priority }, controller: new AbortController() };
    replaced.controller.abort();
    startRun(shared);
  };

  const cancel = (shared: SharedSample, subscriber: Subscriber): void => {
    if (!shared.subscribers.has(subscriber)) return;
    if (shared.subscribers.size > 1) {
      shared.subscribers.delete(subscriber);
      subscriber.reject(canceledBy(subscriber));
      return;
    }
    // From here on, a new request for the same sample generates it anew.
    close(shared);
    shared.canceled = true;
    shared.run.controller.abort(subscriber.options.signal?.reason);
  };

  return (request, options) => {
    const { promise, resolve, reject } = Promise.withResolvers<SampleResult>();
    const subscriber: Subscriber = { request, options, resolve, reject };
    const { priority = 0 } = request;
    const key = requestKey(request);
    let shared = joinable.get(key);
    // A started sample of a lower priority may be preempted for long, so an urgent caller gets a sample of its own.
    if (shared === undefined || (shared.started && priority > shared.priority)) {
      shared = createShared(key, request);
      joinable.set(key, shared);
      startRun(shared);
    } else if (priority > shared.priority) raisePriority(shared, priority);
    const joined = shared;
    joined.subscribers.add(subscriber);
    if (joined.started) options.onStarted?.();

    const onAbort = (): void => cancel(joined, subscriber);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => options.signal?.removeEventListener('abort', onAbort));
  };
}

function canceledBy({ options: { signal } }: Subscriber): CanceledError {
  return new CanceledError('canceled', { cause: signal?.reason });
}
