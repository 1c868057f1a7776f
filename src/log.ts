/** Structured logs, one JSON object per line on standard output. Each tells which request, tenant and generation it is about; credentials never reach them. */
import { pino } from 'pino';
import { currentLogContext } from './observability/logContext.js';

export type Log = pino.Logger;

export function createLog(level: string): Log {
  return pino({
    level,
    base: null,
    mixin: currentLogContext,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorForLog },
    redact: ['authorization', 'headers.authorization', '*.authorization', 'apiKey', 'key'],
  });
}

/** What a statement that failed was called with may be secret, and drizzle's errors hold it in three places. */
export function errorForLog(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message, stack, ...told } = pino.stdSerializers.err(error);
  return { ...told, params: undefined, message: withoutParameters(message), stack: withoutParameters(stack) };
}

/** From drizzle's word to the frames of the stack, or to the end. */
function withoutParameters(text: string): string {
  return text.replaceAll(/^params: .*?(?=\n +at |(?![^]))/gms, 'params: (not told)');
}
