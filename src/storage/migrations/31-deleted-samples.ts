/**
 * Before a sample goes, the database looks for those that were drawn on it, and before its files go, for a photograph or
 * a mask that has them. Without these indexes, it reads all of the tenant for each.
 */
export const deletedSamples: readonly string[] = [
  `create index sample_by_base on sample (tenant_id, base_sample_id) where base_sample_id is not null`,
  `create index reference_by_artifact on reference (tenant_id, artifact_key)`,
  `create index region_mask_by_artifact on region_mask (tenant_id, artifact_key)`,
];
