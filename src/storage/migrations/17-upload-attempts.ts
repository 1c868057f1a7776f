/** How many files were sent to an upload; and the deliveries in flight, which are counted by tenant. */
export const uploadAttempts: readonly string[] = [
  `alter table upload add column attempts integer not null default 0`,
  `create index webhook_delivery_in_flight on webhook_delivery (lease_until) where status = 'PENDING'`,
];
