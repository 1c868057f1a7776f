/**
 * An operator's SDK, as small as one can be: `NODE_OPTIONS=--import …/otel.mjs` attaches it to the real program. Spans go, as they
 * end, into the file that TEST_SPANS names, one JSON object a line.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { appendFileSync } from 'node:fs';
import { ROOT_CONTEXT, context, trace } from '@opentelemetry/api';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const storage = new AsyncLocalStorage();
context.setGlobalContextManager({
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (active, work, self, ...args) => storage.run(active, () => work.call(self, ...args)),
  bind: (active, target) =>
    typeof target === 'function' ? (...args) => storage.run(active, () => target(...args)) : target,
  enable() {
    return this;
  },
  disable() {
    return this;
  },
});

const exporter = {
  export(spans, done) {
    for (const span of spans) appendFileSync(process.env.TEST_SPANS, `${JSON.stringify(plain(span))}\n`);
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};

function plain(span) {
  const { name, attributes, events, status, parentSpanContext, startTime, endTime } = span;
  const { traceId, spanId } = span.spanContext();
  const at = ([seconds, nanoseconds]) => seconds * 1000 + nanoseconds / 1e6;
  const names = events.map((event) => event.name);
  const times = { start: at(startTime), end: at(endTime) };
  return {
    name,
    traceId,
    spanId,
    parent: parentSpanContext?.spanId,
    attributes,
    events: names,
    status: status.code,
    ...times,
  };
}

trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
