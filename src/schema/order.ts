/** The order of a list, where a caller can choose it. */
import { registerEnumType } from 'type-graphql';
import type { OrderDirection as Direction } from '../storage/pagination.js';

export const OrderDirection: { readonly [K in Direction]: K } = { ASC: 'ASC', DESC: 'DESC' };

registerEnumType(OrderDirection, {
  name: 'OrderDirection',
  valuesConfig: {
    ASC: { description: 'The smallest or oldest first.' },
    DESC: { description: 'The largest or newest first.' },
  },
});
