/**
 * The history of the database, in plain PostgreSQL. Each migration is applied once, in order, and never edited after
 * its release. Every table of tenants' rows has the tenant's column, and so does every foreign key between them, so
 * that the database itself rejects a reference across tenants.
 */
import { sql } from './drizzle.js';
import { takeLock } from './advisoryLocks.js';
import type { Database } from './database.js';
import { initial } from './migrations/1-initial.js';
import { references } from './migrations/2-references.js';
import { photographs } from './migrations/3-photographs.js';
import { tenancy } from './migrations/4-tenants.js';
import { catalog } from './migrations/5-catalog.js';
import { exports } from './migrations/6-exports.js';
import { webhooks } from './migrations/7-webhooks.js';
import { manyMachines } from './migrations/8-many-machines.js';
import { queueIndexes } from './migrations/9-queue-indexes.js';
import { confidence } from './migrations/10-confidence.js';
import { ignoreMasks } from './migrations/15-ignore-masks.js';
import { donorSamples } from './migrations/16-donor-samples.js';
import { uploadAttempts } from './migrations/17-upload-attempts.js';
import { deviceCrashes } from './migrations/12-device-crashes.js';
import { denoisingStrength } from './migrations/11-denoising-strength.js';
import { transplants } from './migrations/13-transplants.js';
import { createdBy } from './migrations/18-created-by.js';
import { canonicalCodes } from './migrations/20-canonical-codes.js';
import { exportLabels } from './migrations/21-export-labels.js';
import { mqttAndAliasCodes } from './migrations/21-mqtt-and-alias-codes.js';
import { consoleSessions } from './migrations/22-console-sessions.js';
import { sampleReviews } from './migrations/23-sample-reviews.js';
import { listOrders } from './migrations/24-list-orders.js';
import { sampleOrder } from './migrations/26-sample-order.js';
import { artifactLookups } from './migrations/27-artifact-lookups.js';
import { allowedAreas } from './migrations/28-allowed-areas.js';
import { tenantModels } from './migrations/30-tenant-models.js';
import { deletedSamples } from './migrations/31-deleted-samples.js';
import { dataSets } from './migrations/32-data-sets.js';
import { trainings } from './migrations/33-trainings.js';
import { modelAliases } from './migrations/34-model-aliases.js';
import { tenantBundles } from './migrations/35-tenant-bundles.js';
import { productsOfArchives } from './migrations/36-products-of-archives.js';
import { exportedPhotographs } from './migrations/37-exported-photographs.js';
import { sampleSources } from './migrations/38-sample-sources.js';
import { enableRowLevelSecurity } from './rowLevelSecurityPolicies.js';

interface Migration {
  readonly version: number;
  readonly statements: readonly string[];
}

const MIGRATIONS: readonly Migration[] = [
  { version: 1, statements: initial },
  { version: 2, statements: references },
  { version: 3, statements: photographs },
  { version: 4, statements: tenancy },
  { version: 5, statements: catalog },
  { version: 6, statements: exports },
  { version: 7, statements: webhooks },
  { version: 8, statements: manyMachines },
  { version: 9, statements: queueIndexes },
  { version: 10, statements: confidence },
  { version: 11, statements: denoisingStrength },
  { version: 12, statements: deviceCrashes },
  { version: 13, statements: transplants },
  { version: 15, statements: ignoreMasks },
  { version: 16, statements: donorSamples },
  { version: 17, statements: uploadAttempts },
  { version: 18, statements: createdBy },
  { version: 20, statements: canonicalCodes },
  { version: 21, statements: [...exportLabels, ...mqttAndAliasCodes] },
  { version: 22, statements: consoleSessions },
  { version: 23, statements: sampleReviews },
  { version: 24, statements: listOrders },
  { version: 26, statements: sampleOrder },
  { version: 27, statements: artifactLookups },
  { version: 28, statements: allowedAreas },
  { version: 30, statements: tenantModels },
  { version: 31, statements: deletedSamples },
  { version: 32, statements: dataSets },
  { version: 33, statements: trainings },
  { version: 34, statements: modelAliases },
  { version: 35, statements: tenantBundles },
  { version: 36, statements: productsOfArchives },
  { version: 37, statements: exportedPhotographs },
  { version: 38, statements: sampleSources },
];

/** Two processes that start at once take turns. The second one finds nothing left to do. */
export async function migrate(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await takeLock(tx, 'migration');
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
    await enableRowLevelSecurity(tx);
  });
}
