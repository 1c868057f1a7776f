/** The program: reads the configuration, starts the service, and stops it on a signal. */
import 'reflect-metadata';
import { readConfig } from './config.js';
import { unknownSettings } from './config/unknownSettings.js';
import { StartError } from './errors.js';
import { BundleError, InferenceError } from './inference/index.js';
import { createLog, logProcessErrors } from './log.js';
import type { Log } from './log.js';
import type { Service } from './service.js';
import { startService } from './service.js';

/** After this, the process exits even if something is still open. No accepted work is lost. */
const SHUTDOWN_MS = 15_000;

// Files of the service are for its user alone, whoever creates them.
process.umask(0o077);

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  logProcessErrors(log);
  for (const { name, nearest } of unknownSettings(process.env))
    log.warn({ setting: name, nearest }, 'this environment variable is not a setting of the service and has no effect');
  const service = await startService(config, log);
  log.info({ url: service.url, dataDirectory: config.dataDirectory }, 'service is up');
  closeOnSignals(service, log);
  greet(service, config.apiKey !== undefined);
}

/** For the person at the terminal. The key itself is not printed, because this output is a log. */
function greet({ url, keyFile, signInUrl }: Service, configured: boolean): void {
  const console =
    signInUrl === undefined ? '' : `Console: ${signInUrl}\n         (signs you in once, within 15 minutes)\n`;
  const key =
    keyFile !== undefined
      ? `API key: in ${keyFile}\nTry it:  DEFECTDIFFU_API_KEY=$(cat '${keyFile}') DEFECTDIFFU_URL=${url} npm run demo`
      : configured
        ? 'API key: the one in DEFECTDIFFU_API_KEY.'
        : 'API key: the one of the first start. If it is lost, start once with DEFECTDIFFU_API_KEY set to a new one.';
  process.stdout.write(`\nDefectDiffu serves ${url}\n${console}${key}\n\n`);
}

function closeOnSignals(service: Service, log: Log): void {
  let closing = false;
  const close = (signal: NodeJS.Signals): void => {
    if (closing) return;
    closing = true;
    log.info({ signal }, 'shutting down');
    setTimeout(() => process.exit(1), SHUTDOWN_MS).unref();
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'shutdown failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
}

main().catch((error: unknown) => {
  const expected = error instanceof StartError || error instanceof BundleError || error instanceof InferenceError;
  // The stack is for the log, on one line.
  if (!expected) createLog('info').fatal({ err: error }, 'the service cannot start');
  process.stderr.write(`DefectDiffu cannot start. ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
