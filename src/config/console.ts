/** The console in the browser: whether it is served, and how long one stays signed in. */
import type { Environment } from './environment.js';
import { flag, integer } from './environment.js';

export interface ConsoleConfig {
  /** Whether the console is served, and its sessions are accepted. */
  readonly enabled: boolean;
  readonly sessionHours: number;
}

export function readConsoleConfig(env: Environment): ConsoleConfig {
  return {
    enabled: flag(env, 'CONSOLE', true),
    sessionHours: integer(env, 'CONSOLE_SESSION_HOURS', 168, 1, 8760),
  };
}
