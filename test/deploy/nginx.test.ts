/** deploy/nginx.conf, run by a real nginx where there is one: every transport passes, as it does without it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeProxy } from '../support/proxied.js';

describeProxy('nginx', {
  command: '/usr/sbin/nginx',
  versionArgs: ['-v'],
  configure(folder, port, service) {
    const site = readFileSync('deploy/nginx.conf', 'utf8')
      .replace('server 127.0.0.1:4000;', `server ${service.host};`)
      .replace('listen 8080;', `listen 127.0.0.1:${port};`);
    writeFileSync(join(folder, 'site.conf'), site);
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const paths = temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n');
    const http = `access_log off; ${paths}\ninclude ${folder}/site.conf;`;
    const main = `daemon off; pid ${folder}/pid; error_log stderr;\nevents {}\nhttp { ${http} }\n`;
    writeFileSync(join(folder, 'nginx.conf'), main);
    return ['-e', 'stderr', '-c', join(folder, 'nginx.conf')];
  },
});
