import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

test.each(['main', 'demo/main', 'tenantsCli/main', 'mcpStdio/main'])(
  '%s on an older Node.js ends with one line',
  (path) => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    const needed = engines.node.replace('>=', '');
    const on = (version: string): string => {
      const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
      const args = ['--import', `data:text/javascript,${versions}`, `dist/${path}.js`, '--unknown'];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        env: { MODELS_DIR: '/nowhere' },
        encoding: 'utf8',
      });
      expect([status, stdout]).toEqual([1, '']);
      return stderr;
    };
    for (const old of ['20.20.2', '22.11.0'])
      expect(on(old)).toBe(
        `DefectDiffu needs Node.js ${needed} or later. This is Node.js ${old}, ${process.execPath}\n`,
      );
  },
);
