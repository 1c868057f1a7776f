/** The alert rules and the dashboard: they use only metrics that there are, and the rules fire when they should. */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { readYaml } from '../support/deployment.js';
import type { Json } from '../support/server.js';
import { newFolder } from '../support/server.js';

const FOLDER = 'deploy/monitoring';
const alerts: Json[] = readYaml(`${FOLDER}/alerts.yaml`).groups.flatMap(({ rules }: Json) => rules);
const dashboard: Json = JSON.parse(readFileSync(`${FOLDER}/dashboard.json`, 'utf8'));
const queries: string[] = dashboard.panels.flatMap(({ targets }: Json) => targets.map(({ expr }: Json) => expr));

/** scripts/install-promtool gets it. */
const wherePromtoolIs = spawnSync('promtool', ['--version']).status === 0 ? test : test.skip;
const promtool = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8' });
  return { status, said: stdout + stderr };
};

test('every metric in them is one that the service has', () => {
  const code = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('src', file), 'utf8'))
    .join('\n');
  const texts = [...queries, ...alerts.map(({ expr }) => String(expr))].join('\n');
  const named = new Set([...texts.matchAll(/defectdiffu_(\w+)/g)].map(([, name = '']) => name));
  expect(named.size).toBeGreaterThan(15);
  const base = (name: string): string => name.replace(/_(bucket|sum|count)$/, '');
  const isThere = (name: string): boolean => code.includes(`'${name}'`) || code.includes(`'defectdiffu_${name}'`);
  expect([...named].filter((name) => !isThere(name) && !isThere(base(name)))).toEqual([]);
});

test('each alert says what is wrong and what to do, and each panel has a place of its own', () => {
  for (const { alert, annotations, labels } of alerts)
    expect([alert, annotations.summary, annotations.action, labels.severity]).toEqual([
      expect.stringMatching(/^DefectDiffu[A-Z]/),
      expect.stringMatching(/.{10}/),
      expect.stringMatching(/.{10}/),
      expect.stringMatching(/^(critical|warning)$/),
    ]);
  const places = dashboard.panels.map(({ gridPos: { x, y } }: Json) => `${String(x)},${String(y)}`);
  expect(new Set(places).size).toBe(places.length);
});

wherePromtoolIs('promtool: each alert fires when its cause is there, and none does when all is well', () => {
  expect(promtool('test', 'rules', `${FOLDER}/alerts.test.yaml`)).toMatchObject({ status: 0 });
  const tested = readFileSync(`${FOLDER}/alerts.test.yaml`, 'utf8');
  for (const { alert } of alerts) expect(tested.split(String(alert)).length).toBe(3); // quiet once, firing once
});

wherePromtoolIs('promtool: the queries of the dashboard can be read', () => {
  const rules = queries.map((expr, i) => ({
    record: `panel_${String(i)}`,
    expr: expr.replaceAll('$job', 'defectdiffu'),
  }));
  const file = join(newFolder(), 'queries.yaml');
  writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
  expect(promtool('check', 'rules', '--lint=none', file)).toMatchObject({ status: 0 });
});
