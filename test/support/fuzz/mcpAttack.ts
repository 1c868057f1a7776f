/** Hostile requests to the Model Context Protocol over HTTP. Calls that wait are left, so that they pile up. */
import type { Attack } from './attacks.js';
import { authorization, request } from './attacks.js';
import { junk, operation } from './operations.js';
import type { Random } from './random.js';
import { ID, NUMBERS, TEXTS } from './random.js';

const TOOLS: Readonly<Record<string, readonly string[]>> = {
  describe_service: [],
  find_products: ['search', 'first'],
  find_defects: ['search', 'first'],
  generate_defects: ['partNumber', 'defectCode', 'count', 'strength', 'seed', 'idempotencyKey'],
  wait_for_generation: ['id', 'seconds'],
  look_at_samples: ['generationId', 'picture', 'from', 'count'],
  export_dataset: ['format', 'partNumber', 'defectCode', 'generationId', 'idempotencyKey'],
  wait_for_export: ['id', 'seconds'],
};
const METHODS = ['tools/list', 'ping', 'initialize', 'resources/list', 'prompts/get', 'notifications/initialized', 'x'];
const PATIENCE_MS = 120_000;

export const mcp: Attack = async (target, random) => {
  const leave = AbortSignal.timeout(random.chance(0.3) ? 20 + random.int(200) : PATIENCE_MS);
  const headers = {
    'content-type': random.chance(0.95) ? 'application/json' : 'text/plain',
    accept: random.chance(0.95) ? 'application/json, text/event-stream' : random.pick(['', '*/*', 'text/html']),
    ...(random.chance(0.1) && { 'mcp-session-id': random.pick([ID, 'x'.repeat(200)]) }),
    ...(random.chance(0.1) && { 'mcp-protocol-version': random.pick(['2025-06-18', '1', '__proto__']) }),
    ...authorization(target, random),
  };
  const method = random.chance(0.95) ? 'POST' : random.pick(['GET', 'DELETE', 'PUT']);
  const init = { method, headers, signal: leave, ...(method === 'GET' ? {} : { body: body(random) }) };
  try {
    return await request(new URL('/mcp', target.url), init);
  } catch (error) {
    if (leave.aborted) return 'left';
    throw error;
  }
};

function body(random: Random): string | Buffer {
  return random.pick<() => string | Buffer>([
    ...Array.from({ length: 8 }, () => () => JSON.stringify(toolCall(random))),
    () => JSON.stringify(message(random)),
    () => JSON.stringify(Array.from({ length: 1 + random.int(50) }, () => message(random))),
    () => JSON.stringify(Array.from({ length: 1 + random.int(50) }, () => toolCall(random))),
    () => JSON.stringify(operation(random)),
    () => JSON.stringify(junk(random)),
    () => JSON.stringify(toolCall(random)).slice(0, random.int(100)),
    () => JSON.stringify(toolCall(random)) + ' '.repeat(100_000),
    () => `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}}`,
    () => random.bytes(1 + random.int(2_000)),
  ])();
}

function message(random: Random): object {
  const id = random.pick<unknown>([1, 1, 1, 'x', null, 2 ** 53, -1, {}]);
  return {
    jsonrpc: random.pick(['2.0', '2.0', '2.0', '1.0', 2]),
    id,
    method: random.pick(METHODS),
    params: params(random),
  };
}

function params(random: Random): unknown {
  const clientInfo = { name: random.pick(TEXTS), version: '1' };
  return random.pick([{ protocolVersion: random.pick(TEXTS), capabilities: {}, clientInfo }, junk(random), undefined]);
}

function toolCall(random: Random): object {
  const name = random.chance(0.9) ? random.pick(Object.keys(TOOLS)) : random.pick(TEXTS);
  const chosen = (Object.hasOwn(TOOLS, name) ? (TOOLS[name] ?? []) : ['a']).filter(() => random.chance(0.8));
  const args = Object.fromEntries(chosen.map((each) => [each, argument(each, random)]));
  const _meta = random.chance(0.2) ? { progressToken: random.pick<unknown>([1, 'x', {}, 1e300]) } : undefined;
  const given = random.chance(0.95) ? args : junk(random);
  return { jsonrpc: '2.0', id: random.int(100), method: 'tools/call', params: { name, arguments: given, _meta } };
}

function argument(name: string, random: Random): unknown {
  if (random.chance(0.15)) return junk(random);
  if (name === 'picture') return random.pick(['image', 'mask', 'overlay']);
  if (name === 'format') return random.pick(['MVTEC_AD', 'COCO', 'YOLO_SEGMENTATION']);
  // It would hold up the attacker.
  if (name === 'seconds') return 1;
  if (['first', 'count', 'strength', 'seed', 'from'].includes(name)) return random.pick([1, ...NUMBERS]);
  return name.toLowerCase().endsWith('id') ? random.pick([ID, ...TEXTS]) : random.pick(TEXTS);
}
