/** The tables as queries see them. Migrations create them; a test compares the two. */
export * from './tables/tenants.js';
export * from './tables/consoleSessions.js';
export * from './tables/catalog.js';
export * from './tables/generations.js';
export * from './tables/samples.js';
export * from './tables/references.js';
export * from './tables/workers.js';
export * from './tables/webhooks.js';
export * from './tables/exports.js';
export * from './tables/models.js';
export * from './tables/dataSets.js';
export * from './tables/trainings.js';
