/** The program behind `npm run tenants`. */
import '../requireNode.js';
import { ServiceError, StartError } from '../errors.js';
import { runTenantsCli } from './run.js';

runTenantsCli(process.argv.slice(2), process.env).then(
  (text) => process.stdout.write(text),
  (error: unknown) => {
    const expected = error instanceof StartError || error instanceof ServiceError;
    const text = expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${text}\n`);
    process.exitCode = 1;
  },
);
