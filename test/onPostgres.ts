/** Runs the tests on a PostgreSQL server of their own (npm run test:postgres); arguments go to jest. */
import { execFileSync, spawnSync } from 'node:child_process';
import { startPostgres } from './support/postgres.js';

const TEMPLATE = 'defectdiffu_template';

execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
const postgres = await startPostgres();
try {
  const url = await postgres.createDatabase(TEMPLATE);
  const script = `import('./dist/storage/open.js').then((m) => m.openStorage(${JSON.stringify(url)})).then((s) => s.close())`;
  execFileSync(process.execPath, ['-e', script], { stdio: 'inherit' });
  const { status } = spawnSync('npm', ['test', '--', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, TEST_POSTGRES_ADMIN_URL: postgres.adminUrl },
  });
  process.exitCode = status ?? 1;
} finally {
  await postgres.remove();
}
