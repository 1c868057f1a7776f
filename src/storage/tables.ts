/** The tables as the queries see them. `migrations.ts` makes them; a test holds the two together. */
export * from './tables/tenants.js';
export * from './tables/catalog.js';
export * from './tables/generations.js';
export * from './tables/samples.js';
export * from './tables/references.js';
export * from './tables/workers.js';
export * from './tables/webhooks.js';
export * from './tables/exports.js';
