/** The console in the browser: whether it is served, and how long one stays signed in. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from './environment.js';
import { flag, integer, text } from './environment.js';

export interface ConsoleConfig {
  /** Whether the console is served, and its sessions are accepted. */
  readonly enabled: boolean;
  readonly sessionHours: number;
  /** Of the built console. */
  readonly folder: string;
  /** Whether a browser that opens /graphql gets GraphiQL. */
  readonly graphiql: boolean;
}

export function readConsoleConfig(env: Environment): ConsoleConfig {
  return {
    enabled: flag(env, 'CONSOLE', true),
    folder: resolve(text(env, 'CONSOLE_DIR') ?? fileURLToPath(new URL('../../console/dist', import.meta.url))),
    graphiql: flag(env, 'GRAPHIQL', true),
    sessionHours: integer(env, 'CONSOLE_SESSION_HOURS', 168, 1, 8760),
  };
}
