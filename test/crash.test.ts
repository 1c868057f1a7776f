/** kill -9 of anything at any time. The long form, which prints its figures: npm run crash. */
import type { Outcome } from './support/topologies.js';
import { chaosInMany, chaosInOne } from './support/topologies.js';
import { onPgliteOnly } from './support/database.js';
import { newDataDirectory, newFolder } from './support/server.js';

const kills = Number(process.env['CRASH_KILLS'] ?? 8);
const plan = { kills, tenants: 3, generations: 4, seed: Number(process.env['CRASH_SEED'] ?? 1) };
const TIMEOUT_MS = 600_000 + 30_000 * kills;

function tell(name: string, { ordered, killed, lives, samples }: Outcome): void {
  if (process.env['CRASH_KILLS'] === undefined) return;
  const figures = {
    generations: ordered.length,
    canceled: ordered.filter(({ canceled }) => canceled).length,
    samples,
    killed,
    lives,
  };
  process.stdout.write(`${name}: ${JSON.stringify(figures)}\n`);
}

onPgliteOnly(
  'one process, killed again and again: everything accepted is finished once, and nothing is left over',
  async () => {
    const outcome = await chaosInOne(plan, newDataDirectory());
    tell('one process', outcome);
    expect(outcome.wrong).toEqual([]);
    expect(outcome.ordered.length).toBeGreaterThanOrEqual(plan.tenants * plan.generations);
    expect(outcome.lives['all']).toBeGreaterThan(2);
  },
  TIMEOUT_MS,
);

onPgliteOnly(
  'two that answer, two that draw, and their database, killed again and again: the same',
  async () => {
    const outcome = await chaosInMany(plan, newFolder);
    tell('many processes', outcome);
    expect(outcome.wrong).toEqual([]);
    expect(outcome.ordered.length).toBeGreaterThanOrEqual(plan.tenants * plan.generations);
    expect(Object.values(outcome.killed).reduce((sum, n) => sum + n, 0)).toBe(kills);
  },
  TIMEOUT_MS,
);
