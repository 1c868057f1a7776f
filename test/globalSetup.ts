/**
 * Before all tests: the service is compiled, for they start the real program; and an empty database and a certificate are
 * made once, for making them takes seconds. Each server starts from a copy of them.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = process.cwd();

export default function globalSetup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const hash = createHash('sha256').update(readFileSync('package-lock.json'));
  for (const folder of ['dist/storage', 'dist/marking']) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      if (name.endsWith('.js')) hash.update(readFileSync(join(folder, name)));
    }
  }
  const template = join(ROOT, 'node_modules', '.cache', 'defectdiffu', `data-${hash.digest('hex').slice(0, 16)}`);
  process.env['TEST_DATA_TEMPLATE'] = template;
  if (existsSync(template)) return;
  const draft = `${template}.${String(process.pid)}`;
  mkdirSync(draft, { recursive: true });
  const script = `
    const [storage, marking] = await Promise.all([import('./dist/storage/open.js'), import('./dist/marking/selfMadeCertificate.js')]);
    await marking.readOrCreateCertificate(${JSON.stringify(join(draft, 'marking'))});
    await (await storage.openStorage(${JSON.stringify(join(draft, 'db'))})).close();`;
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
  try {
    renameSync(draft, template);
  } catch {
    rmSync(draft, { recursive: true, force: true }); // another run was first
  }
}
