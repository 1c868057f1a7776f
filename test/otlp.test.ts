/** deploy/otel: the traces of the service reach a collector that speaks OTLP over HTTP. Needs `npm install --prefix deploy/otel`. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { QUICK, finished, generate } from './support/generations.js';
import { startServer } from './support/server.js';
import { until } from './support/until.js';

const whereInstalled = existsSync('deploy/otel/node_modules') ? test : test.skip;

whereInstalled('the collector gets the spans of a generation, as the program of deploy/otel sends them', async () => {
  const received: { readonly path: string | undefined; readonly type: string | undefined; readonly body: string }[] =
    [];
  const collector = createServer((request, response) => {
    void buffer(request).then((body) => {
      received.push({ path: request.url, type: request.headers['content-type'], body: body.toString('latin1') });
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  try {
    const server = await startServer({
      NODE_OPTIONS: '--import ./deploy/otel/otel.mjs',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${String((collector.address() as AddressInfo).port)}`,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    const { id } = await generate(server, QUICK);
    await finished(server, id);
    const all = await until(() => {
      const bodies = received.map(({ body }) => body).join('');
      return bodies.includes('store sample') ? bodies : undefined;
    });
    expect(all).toContain(id);
    expect(all).toContain('defectdiffu');
    expect(received[0]).toMatchObject({ path: '/v1/traces', type: 'application/x-protobuf' });
  } finally {
    collector.close();
  }
});
