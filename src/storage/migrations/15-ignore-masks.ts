/** Which pixels of a sample a detector should ignore, and where its region could lie. */
export const ignoreMasks: readonly string[] = [
  `alter table sample
    add column ignore_key text,
    add column allowed_area jsonb,
    add foreign key (tenant_id, ignore_key) references artifact (tenant_id, key)`,
];
