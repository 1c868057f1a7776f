/** Only adds. What people say of a sample. An older version beside this one leaves samples unreviewed. */
export const sampleReviews: readonly string[] = [
  `alter table sample
    add column review_state text not null default 'UNREVIEWED' check (review_state in ('UNREVIEWED', 'ACCEPTED', 'REJECTED')),
    add column review_tags jsonb not null default '[]',
    add column review_comment text not null default '',
    add column review_version integer not null default 0,
    add column reviewed_by text,
    add column reviewed_at timestamptz`,
  `create index sample_by_review on sample (tenant_id, reviewed_at) where reviewed_at is not null`,
];
