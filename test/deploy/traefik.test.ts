/** deploy/traefik.yaml, run by a real Traefik where there is one (scripts/install-traefik). */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeProxy } from '../support/proxied.js';

describeProxy('Traefik', {
  command: 'traefik',
  versionArgs: ['version'],
  configure(folder, port, service) {
    // As it is, but for the addresses, and without a certificate.
    const dynamic = readFileSync('deploy/traefik.yaml', 'utf8')
      .replace('defects.example.com', '127.0.0.1')
      .replace('      tls: {}\n', '')
      .replace('http://10.0.0.11:4000', service.origin)
      .replace(/ +- url: http:\/\/10\.0\.0\.12:4000\n/, '');
    expect(dynamic).not.toMatch(/example\.com|10\.0\.0|tls/);
    const file = join(folder, 'dynamic.yaml');
    writeFileSync(file, dynamic);
    return [
      `--entryPoints.web.address=127.0.0.1:${port}`,
      '--entryPoints.web.transport.respondingTimeouts.readTimeout=360s',
      `--providers.file.filename=${file}`,
      '--global.checkNewVersion=false',
      '--global.sendAnonymousUsage=false',
    ];
  },
});
