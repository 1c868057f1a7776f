/**
 * Before all tests: the service is compiled, for they start the real program; and an empty database is made once,
 * for making one takes seconds. Each server starts from a copy of it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = process.cwd();

export default function globalSetup(): void {
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json'], {
    stdio: 'inherit',
  });
  const hash = createHash('sha256').update(readFileSync('package-lock.json'));
  for (const name of readdirSync('dist/storage', { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.endsWith('.js')) hash.update(readFileSync(join('dist/storage', name)));
  }
  const template = join(ROOT, 'node_modules', '.cache', 'defectdiffu', `database-${hash.digest('hex').slice(0, 16)}`);
  process.env['TEST_DATABASE_TEMPLATE'] = template;
  if (existsSync(template)) return;
  const draft = `${template}.${String(process.pid)}`;
  mkdirSync(draft, { recursive: true });
  const script = `import('./dist/storage/open.js').then((m) => m.openStorage(${JSON.stringify(join(draft, 'db'))})).then((s) => s.close())`;
  execFileSync(process.execPath, ['-e', script], { stdio: 'inherit' });
  try {
    renameSync(draft, template);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // another run was first
  }
}
