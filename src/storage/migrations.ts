/**
 * The history of the database, in plain PostgreSQL: applied in order, each once, never edited after it has been
 * released. The tenant's column stands in every table of a tenant's things, and in every foreign key between
 * them, so that the database itself refuses a reference across tenants.
 */
import { sql } from 'drizzle-orm';
import type { Database } from './database.js';

interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `create table tenant (
        id uuid primary key,
        name text not null unique,
        created_at timestamptz not null
      )`,
      `create table api_key (
        id uuid primary key,
        tenant_id uuid not null references tenant on delete cascade,
        hash text not null unique,
        origin text not null check (origin in ('CONFIGURED', 'GENERATED')),
        created_at timestamptz not null
      )`,
      `create table product (
        id uuid primary key,
        tenant_id uuid not null references tenant on delete cascade,
        part_number text not null,
        name text not null,
        prompt_name text not null,
        attributes jsonb,
        created_at timestamptz not null,
        unique (tenant_id, part_number),
        unique (tenant_id, id)
      )`,
      `create table defect (
        id uuid primary key,
        tenant_id uuid not null references tenant on delete cascade,
        code text not null,
        name text not null,
        prompt_name text not null,
        created_at timestamptz not null,
        unique (tenant_id, code),
        unique (tenant_id, id)
      )`,
      `create table generation (
        id uuid primary key,
        tenant_id uuid not null references tenant on delete cascade,
        product_id uuid not null,
        defect_id uuid not null,
        status text not null check (status in ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED')),
        settings jsonb not null,
        count integer not null check (count > 0),
        priority integer not null,
        samples_done integer not null default 0 check (samples_done between 0 and count),
        steps_done integer not null default 0,
        last_seq integer not null default 0,
        attempts integer not null default 0,
        lease_owner text,
        lease_until timestamptz,
        idempotency_key text,
        input_hash text not null,
        failure jsonb,
        created_at timestamptz not null,
        started_at timestamptz,
        finished_at timestamptz,
        foreign key (tenant_id, product_id) references product (tenant_id, id),
        foreign key (tenant_id, defect_id) references defect (tenant_id, id),
        unique (tenant_id, idempotency_key),
        unique (tenant_id, id)
      )`,
      `create index generation_open on generation (priority desc, id) where status in ('QUEUED', 'RUNNING')`,
      `create table generation_event (
        tenant_id uuid not null,
        generation_id uuid not null,
        seq integer not null,
        payload jsonb not null,
        at timestamptz not null,
        primary key (generation_id, seq),
        foreign key (tenant_id, generation_id) references generation (tenant_id, id) on delete cascade
      )`,
      `create table artifact (
        key text primary key,
        tenant_id uuid not null references tenant on delete cascade,
        content_type text not null,
        width integer not null,
        height integer not null,
        bytes integer not null,
        created_at timestamptz not null,
        unique (tenant_id, key)
      )`,
      `create table sample (
        id uuid primary key,
        tenant_id uuid not null,
        generation_id uuid not null,
        product_id uuid not null,
        defect_id uuid not null,
        index integer not null,
        seed integer not null,
        strength double precision not null,
        area_fraction double precision not null,
        bounding_boxes jsonb not null,
        image_key text not null,
        mask_key text not null,
        overlay_key text not null,
        created_at timestamptz not null,
        unique (tenant_id, generation_id, index),
        foreign key (tenant_id, generation_id) references generation (tenant_id, id) on delete cascade,
        foreign key (tenant_id, product_id) references product (tenant_id, id),
        foreign key (tenant_id, defect_id) references defect (tenant_id, id),
        foreign key (tenant_id, image_key) references artifact (tenant_id, key),
        foreign key (tenant_id, mask_key) references artifact (tenant_id, key),
        foreign key (tenant_id, overlay_key) references artifact (tenant_id, key)
      )`,
      `create index sample_by_product on sample (tenant_id, product_id, generation_id desc, index)`,
      `create index sample_by_defect on sample (tenant_id, defect_id, generation_id desc, index)`,
    ],
  },
  {
    // Only adds: an older version beside this one knows nothing of these tables and misses nothing.
    version: 2,
    statements: [
      `create table reference (
        id uuid primary key,
        tenant_id uuid not null,
        product_id uuid not null,
        name text,
        artifact_key text not null,
        hash text not null,
        width integer not null,
        height integer not null,
        created_at timestamptz not null,
        archived_at timestamptz,
        foreign key (tenant_id, product_id) references product (tenant_id, id),
        foreign key (tenant_id, artifact_key) references artifact (tenant_id, key),
        unique (tenant_id, product_id, hash),
        unique (tenant_id, id)
      )`,
      `create index reference_by_product on reference (tenant_id, product_id, id desc)`,
      `create table region_mask (
        id uuid primary key,
        tenant_id uuid not null,
        artifact_key text not null,
        hash text not null,
        width integer not null,
        height integer not null,
        area_fraction double precision not null,
        extent_width integer not null,
        extent_height integer not null,
        created_at timestamptz not null,
        foreign key (tenant_id, artifact_key) references artifact (tenant_id, key),
        unique (tenant_id, hash),
        unique (tenant_id, id)
      )`,
      `create table upload (
        id uuid primary key,
        tenant_id uuid not null references tenant on delete cascade,
        purpose text not null check (purpose in ('REFERENCE', 'MASK')),
        product_id uuid,
        name text,
        body_hash text,
        reference_id uuid,
        mask_id uuid,
        created_at timestamptz not null,
        completed_at timestamptz,
        foreign key (tenant_id, product_id) references product (tenant_id, id),
        foreign key (tenant_id, reference_id) references reference (tenant_id, id),
        foreign key (tenant_id, mask_id) references region_mask (tenant_id, id),
        check ((purpose = 'REFERENCE') = (product_id is not null)),
        check ((completed_at is null) = (body_hash is null)),
        check (num_nonnulls(reference_id, mask_id) = num_nonnulls(completed_at))
      )`,
    ],
  },
  {
    // Only adds, and what it adds to `sample` may be left out: an older version beside this one goes on inserting.
    version: 3,
    statements: [
      `alter table sample
        add column attempt integer not null default 1,
        add column reference_id uuid,
        add column base_sample_id uuid,
        add column region_key text,
        add column twin_key text,
        add column visibility double precision,
        add column agreement double precision,
        add column direction double precision,
        add column seam double precision,
        add column filling double precision,
        add foreign key (tenant_id, reference_id) references reference (tenant_id, id),
        add unique (tenant_id, id),
        add foreign key (tenant_id, base_sample_id) references sample (tenant_id, id) on delete set null (base_sample_id),
        add foreign key (tenant_id, region_key) references artifact (tenant_id, key),
        add foreign key (tenant_id, twin_key) references artifact (tenant_id, key)`,
      `create index sample_by_reference on sample (tenant_id, reference_id, generation_id desc, index)`,
      `create table generation_rejection (
        tenant_id uuid not null,
        generation_id uuid not null,
        index integer not null,
        attempt integer not null,
        seed integer not null,
        visibility double precision not null,
        agreement double precision not null,
        created_at timestamptz not null,
        primary key (generation_id, index, attempt),
        foreign key (tenant_id, generation_id) references generation (tenant_id, id) on delete cascade
      )`,
    ],
  },
];

/** Two processes that start at once take turns: the second finds nothing left to do. */
const MIGRATION_LOCK = 4_711_002;

export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(String(MIGRATION_LOCK))})`);
    await tx.execute(
      sql`create table if not exists schema_migration (version integer primary key, applied_at timestamptz not null default now())`,
    );
    const { rows } = await tx.execute<{ version: number }>(sql`select version from schema_migration`);
    const applied = new Set(rows.map((row) => Number(row.version)));
    for (const { version, statements } of MIGRATIONS) {
      if (applied.has(version)) continue;
      for (const statement of statements) await tx.execute(sql.raw(statement));
      await tx.execute(sql`insert into schema_migration (version) values (${version})`);
    }
  });
}
