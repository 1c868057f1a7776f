/**
 * How much one tenant at full tilt delays another tenant's small request, on each resource that they share. Goal: at
 * most 3 × as long as alone. For drawing, see bench/fairness.ts.
 *
 *   npm run bench:tenants            (ROUNDS=15, ONLY=introspection)
 */
import { execFileSync } from 'node:child_process';
import { measureDelay } from './delay.ts';
import type { Stage } from './fullTilt.ts';
import { sharedResources } from './fullTilt.ts';
import { saveResults } from './saveResults.ts';
import { KEY as GREEDY, newDataDirectory, startServer } from './server.ts';
import { deliveryTo, startReceiver } from './webhookReceiver.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 15);
/** Part of a resource's name. */
const ONLY = process.env['ONLY'] ?? '';
const MODELS_DIR = 'test/inference/models';

const dataDirectory = newDataDirectory();
const env = { ...process.env, DATA_DIR: dataDirectory, DEFECTDIFFU_API_KEY: GREEDY, MODELS_DIR };
const printed = execFileSync(process.execPath, ['dist/tenantsCli/main.js', 'create', 'polite', '--admin-key'], { env });
const POLITE = /dd_\S{32}/.exec(printed.toString())?.[0] ?? '';
const webhooks = { WEBHOOK_ALLOW_HTTP: 'true', WEBHOOK_ALLOW_NETWORKS: '127.0.0.1/32', WEBHOOK_TIMEOUT_SECONDS: '5' };
const server = await startServer({ dataDirectory, env: { MODELS_DIR, MAX_ROWS: '6', ...webhooks } });

async function draw(key: string, count: number): Promise<string> {
  const input = [{ partNumber: 'TILE', defectCode: 'CRACK', steps: 2, count }];
  const mutation = 'mutation ($input: [GenerateDefectsInput!]!) { generateDefects(input: $input) { id } }';
  const { id } = (await server.ask(mutation, { input }, key)).generateDefects[0] as { id: string };
  for (;;) {
    const { generation } = await server.ask(`{ generation(id: "${id}") { status } }`, {}, key);
    if (generation.status === 'SUCCEEDED') return id;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

try {
  const products = Array.from({ length: 100 }, (_, i) => ({
    partNumber: i === 0 ? 'TILE' : `P${String(i)}`,
    name: 'tile',
  }));
  const defects = Array.from({ length: 100 }, (_, i) => ({ code: i === 0 ? 'CRACK' : `D${String(i)}`, name: 'crack' }));
  const importCatalog =
    'mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { products { created } } }';
  for (const key of [GREEDY, POLITE]) await server.ask(importCatalog, { input: { products, defects } }, key);
  const drawn = { greedy: await draw(GREEDY, 100), polite: await draw(POLITE, 2) };
  const receiver = await startReceiver();
  const deliveries = {
    greedy: await deliveryTo(`${receiver.url}/silent`, server.url, GREEDY, drawn.greedy),
    polite: await deliveryTo(`${receiver.url}/polite`, server.url, POLITE, drawn.polite),
  };
  const stage: Stage = {
    url: server.url,
    pid: server.process.pid as number,
    greedy: GREEDY,
    polite: POLITE,
    drawn,
    deliveries,
  };
  const headlines: Record<string, string> = {};
  const delays = [];
  for (const resource of await sharedResources(stage, receiver)) {
    if (!resource.name.includes(ONLY)) continue;
    const delay = await measureDelay(stage, resource, ROUNDS);
    delays.push(delay);
    const { name, alone, beside, greedyRequests } = delay;
    headlines[name] =
      `${(beside.ms / alone.ms).toFixed(1)} × (${alone.ms.toFixed(0)} ms alone, ${beside.ms.toFixed(0)} ms beside); ` +
      `event loop ${(beside.loopMs / alone.loopMs).toFixed(1)} × (${alone.loopMs.toFixed(1)}, ${beside.loopMs.toFixed(1)} ms)`;
    process.stdout.write(`${name}: ${headlines[name]}; the greedy tenant made ${String(greedyRequests)} requests\n`);
  }
  receiver.close();
  saveResults('tenants', { rounds: ROUNDS, delays }, headlines);
} finally {
  await server.stop();
}
