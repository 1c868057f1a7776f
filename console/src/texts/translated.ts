import type { en } from './en/index.ts';

export type Texts = Translated<typeof en>;
/** The same keys, with other words. */
type Translated<T> = { readonly [K in keyof T]: T[K] extends string ? string : Translated<T[K]> };
