/** Structured logs, one JSON object per line on standard output. Credentials never reach them. */
import { pino } from 'pino';

export type Log = pino.Logger;

export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: ['authorization', 'headers.authorization', '*.authorization', 'apiKey', 'key'],
  });
}
