import { customType } from '../drizzle.js';

/** Always with a time zone, always a Date. Drivers return text or Date. */
export const timestamptz = customType<{ data: Date; driverData: string | Date }>({
  dataType: () => 'timestamptz',
  fromDriver: (value) => new Date(value),
  toDriver: (value) => value.toISOString(),
});
