/** The servers that a service of many processes stands on, for tests: the database and the artifact store. */
export { startPostgres, whyNoPostgres } from './postgres.js';
export type { Postgres } from './postgres.js';
export { startS3, whyNoS3 } from './s3.js';
export type { S3 } from './s3.js';
