/**
 * Structured logs: one JSON object per line on standard output. Each line has the request, tenant, and generation that
 * it is about. Credentials are never logged.
 */
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

/** The parameters of a failed statement can be secret. drizzle's errors contain them in three places. */
export function errorForLog(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message, stack, ...told } = pino.stdSerializers.err(error);
  return { ...told, params: undefined, message: withoutParameters(message), stack: withoutParameters(stack) };
}

/** Matches from drizzle's "params: " to the stack frames, or to the end. */
function withoutParameters(text: string): string {
  return text.replaceAll(/^params: .*?(?=\n +at |(?![^]))/gms, 'params: (redacted)');
}

/** Node.js does not warn of `url.parse` in node_modules. Apollo's integration of Express calls it, from within oneFile.js. */
const WARNINGS_OF_LIBRARIES: ReadonlySet<string | undefined> = new Set(['DEP0169']);

/** What Node.js would print as text: warnings, and the stack of an error that ends the process. */
export function logProcessErrors(log: Log): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning: Error & { code?: string }) => {
    if (!WARNINGS_OF_LIBRARIES.has(warning.code)) log.warn({ err: warning }, 'a warning of Node.js');
  });
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the process ends because of an error that nothing handles');
    process.exit(1);
  });
}
