/** Only adds. Where defects of a product may lie, as a mask of its photographs. An older version beside this one ignores it. */
export const allowedAreas: readonly string[] = [
  `alter table product
    add column allowed_mask_id uuid,
    add foreign key (tenant_id, allowed_mask_id) references region_mask (tenant_id, id)`,
];
