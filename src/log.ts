/** Structured logs, one JSON object per line on standard output. Each tells which request, tenant and generation it is about; credentials never reach them. */
import { pino } from 'pino';
import { factsOfNow } from './observability/facts.js';

export type Log = pino.Logger;

export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    mixin: factsOfNow,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['authorization', 'headers.authorization', '*.authorization', 'apiKey', 'key'],
  });
}
