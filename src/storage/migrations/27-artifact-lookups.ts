/**
 * Before the row of an artifact goes, the database looks for a sample that names it. Without these indexes, it reads all
 * samples of the tenant for each file that is deleted.
 */
export const artifactLookups: readonly string[] = [
  ...['image', 'mask', 'overlay'].map(
    (file) => `create index sample_by_${file}_key on sample (tenant_id, ${file}_key)`,
  ),
  ...['region', 'twin', 'ignore'].map(
    (file) => `create index sample_by_${file}_key on sample (tenant_id, ${file}_key) where ${file}_key is not null`,
  ),
];
