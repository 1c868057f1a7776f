/**
 * Defective photographs: a reference with a defect and the mask that marks it, the donor of transplants. The upload of
 * such a reference names both, and a sample names its donor.
 */
export const transplants: readonly string[] = [
  `alter table reference
    add column defect_id uuid,
    add column mask_id uuid,
    add foreign key (tenant_id, defect_id) references defect (tenant_id, id),
    add foreign key (tenant_id, mask_id) references region_mask (tenant_id, id),
    add check (mask_id is null or defect_id is not null)`,
  `create index reference_by_pair on reference (tenant_id, product_id, defect_id, id) where defect_id is not null`,
  `alter table upload
    add column defect_id uuid,
    add column defect_mask_id uuid,
    add foreign key (tenant_id, defect_id) references defect (tenant_id, id),
    add foreign key (tenant_id, defect_mask_id) references region_mask (tenant_id, id)`,
  `alter table sample
    add column defect_reference_id uuid,
    add column transplant jsonb,
    add foreign key (tenant_id, defect_reference_id) references reference (tenant_id, id)`,
  `create index sample_by_defect_reference on sample (tenant_id, defect_reference_id)
    where defect_reference_id is not null`,
];
