/** Large tables, made inside the database: as many rows as drawing would take weeks to make, in minutes. */
import { BUNDLE_NAME } from './bundle.ts';

/** The tenant whose key the service is started with. */
export const TENANT = "(select id from tenant where name = 'default')";

/** A version 7 UUID: of a time, a number within it, and what else tells it apart. */
const uuid = (time: string, number: string, tail: string): string => `(
  substr(lpad(to_hex((extract(epoch from ${time}) * 1000)::bigint), 12, '0'), 1, 8) || '-' ||
  substr(lpad(to_hex((extract(epoch from ${time}) * 1000)::bigint), 12, '0'), 9, 4) || '-7' ||
  lpad(to_hex(${number} % 4096), 3, '0') || '-8000-' || lpad(to_hex(${tail}), 12, '0'))::uuid`;

const SETTINGS = JSON.stringify({
  bundle: BUNDLE_NAME,
  product: 'steel strip',
  defect: 'patch',
  coverage: 'TRAINED',
  seed: 1,
  strength: { min: 1, max: 4 },
  productScale: 1,
  steps: 20,
  sampler: 'DPM_SOLVER_PP',
  guidance: 'DOUBLE_FREE',
  maskMode: 'AVERAGE_FEATURES',
});

/** Pixel-steps of one sample of the settings above. */
const PIXEL_STEPS = 128 * 128 * 20;

const idIn = (table: string, column: string, value: string): string =>
  `(select id from ${table} where tenant_id = ${TENANT} and ${column} = ${value})`;

/** Parts P0 … and defects D0 …, beside those of the bundle. */
export function catalogRows(products: number, defects: number): string[] {
  return [
    `insert into product (id, tenant_id, part_number, name, prompt_name, created_at)
      select ${uuid('now()', 'i', 'i')}, ${TENANT}, 'P' || i, 'part ' || i, 'steel strip', now() from generate_series(0, ${String(products - 1)}) i`,
    `insert into defect (id, tenant_id, code, name, prompt_name, created_at)
      select ${uuid('now()', 'i', 'i')}, ${TENANT}, 'D' || i, 'defect ' || i, 'patch', now() from generate_series(0, ${String(defects - 1)}) i`,
  ];
}

/** Waiting, one sample each, accepted one after the other over the last hour, at five priorities. */
export function queuedGenerations(from: number, to: number, settings = SETTINGS): string[] {
  const at = `(now() - interval '1 hour' * (1 - i / ${to.toFixed(1)}))`;
  const columns =
    'id, tenant_id, product_id, defect_id, status, settings, count, priority, pixel_steps, last_seq, input_hash, created_at';
  return [
    `insert into generation (${columns})
      select ${uuid(at, 'i', 'i')}, ${TENANT}, ${idIn('product', 'part_number', "'P0'")}, ${idIn('defect', 'code', "'D0'")}, 'QUEUED',
        '${settings}', 1, i % 5, ${String(PIXEL_STEPS)}, 0, '', ${at}
      from generate_series(${String(from)}, ${String(to - 1)}) i`,
  ];
}

/** Waiting for another machine, which alone has their model and seems to live: nothing happens to them here. */
export function waitingElsewhere(count: number): string[] {
  const bundle = 'elsewhere@1.0.0';
  const devices = JSON.stringify([
    { device: 'cuda:0', provider: 'cuda', bundles: [bundle], state: 'READY', restarts: 0 },
  ]);
  return [
    `insert into worker (id, host, devices, started_at, seen_at)
      values (gen_random_uuid(), 'elsewhere', '${devices}', now(), now() + interval '1 day')`,
    ...queuedGenerations(0, count, JSON.stringify({ ...(JSON.parse(SETTINGS) as object), bundle })),
  ];
}

export const SAMPLES_EACH = 20;
/** Few of its samples there are, and old ones. */
export const RARE = { partNumber: 'RARE', defectCode: 'RARE' } as const;

/** The first digit of the names of artifacts. */
const KINDS = { image: '1', mask: '2', overlay: '3' } as const;

/** The name of an artifact of the n-th sample, counted from 0 over all generations, of which the first is 1. */
export function artifactKey(kind: keyof typeof KINDS, n: number): string {
  return `${KINDS[kind]}${n.toString(16).padStart(47, '0')}.png`;
}

/**
 * Samples over a year, 20 of each generation, of 50 products and 12 defects: a few make up most of them, as in a factory. Each
 * sample has three artifacts.
 */
export function finishedSamples(count: number): string[] {
  const generations = Math.ceil(count / SAMPLES_EACH);
  const at = `(now() - interval '365 days' * (1 - g / ${generations.toFixed(1)}))`;
  const all = `generate_series(1, ${String(generations - 1)}) g`;
  const each = `${all}, generate_series(0, ${String(SAMPLES_EACH - 1)}) i`;
  const rare = 'g in (5, 6)';
  const named = (table: string, column: string, letter: string, many: number): string =>
    `case when ${rare} then ${idIn(table, column, "'RARE'")} else (array(select id from ${table} where tenant_id = ${TENANT} and ${column} ~ '^${letter}[0-9]+$'
      order by ${column}))[1 + (g % ${String(many)} * (g % 7)) % ${String(many)}] end`;
  const key = (kind: keyof typeof KINDS): string =>
    `'${KINDS[kind]}' || lpad(to_hex(g * ${String(SAMPLES_EACH)} + i), 47, '0') || '.png'`;
  return [
    ...catalogRows(50, 12),
    `update product set part_number = 'RARE' where part_number = 'P49' and tenant_id = ${TENANT}`,
    `update defect set code = 'RARE' where code = 'D11' and tenant_id = ${TENANT}`,
    `insert into generation (id, tenant_id, product_id, defect_id, status, settings, count, priority, pixel_steps, samples_done, steps_done,
        last_seq, input_hash, created_at, started_at, finished_at)
      select ${uuid(at, 'g', 'g')}, ${TENANT}, ${named('product', 'part_number', 'P', 49)}, ${named('defect', 'code', 'D', 11)},
        case when g % 500 = 0 then 'FAILED' else 'SUCCEEDED' end, '${SETTINGS}', ${String(SAMPLES_EACH)}, 0, ${String(PIXEL_STEPS * SAMPLES_EACH)},
        ${String(SAMPLES_EACH)}, 400, 0, '', ${at}, ${at}, ${at} + interval '10 seconds'
      from ${all}`,
    ...(['image', 'mask', 'overlay'] as const).map(
      (kind) => `insert into artifact (key, tenant_id, content_type, width, height, bytes, created_at)
        select ${key(kind)}, ${TENANT}, 'image/png', 128, 128, 30000, ${at} from ${each}`,
    ),
    // Triggers do not fire while rows are loaded past them.
    'insert into stored_bytes select tenant_id, 0, sum(bytes) from artifact group by tenant_id',
    `insert into sample (id, tenant_id, generation_id, product_id, defect_id, index, seed, strength, area_fraction, bounding_boxes, image_key,
        mask_key, overlay_key, created_at)
      select ${uuid('n.created_at', 'i', `n.g * ${String(SAMPLES_EACH)} + i`)}, n.tenant_id, n.id, n.product_id, n.defect_id, i, i, 1 + i * 3.0 / ${String(SAMPLES_EACH - 1)},
        0.3 * power(random(), 3), '[{"x":1,"y":2,"width":30,"height":40}]', ${key('image')}, ${key('mask')}, ${key('overlay')},
        n.created_at + interval '10 seconds' * i / ${SAMPLES_EACH.toFixed(1)}
      from (select *, row_number() over (order by id) as g from generation where tenant_id = ${TENANT} and status in ('SUCCEEDED', 'FAILED')) n,
        generate_series(0, ${String(SAMPLES_EACH - 1)}) i`,
  ];
}
