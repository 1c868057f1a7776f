import { customType } from 'drizzle-orm/pg-core';

/** Always with a zone, always a Date. Both drivers may give text or Date. */
export const timestamptz = customType<{ data: Date; driverData: string | Date }>({
  dataType: () => 'timestamptz',
  fromDriver: (value) => new Date(value),
  toDriver: (value) => value.toISOString(),
});
