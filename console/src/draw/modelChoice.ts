/** Which model a request names: one by its id or its name, or what an alias of the tenant stands for. */
import type { DrawChoicesQuery, ModelAliasPartsFragment } from '../generated/graphql.ts';

export type Model = DrawChoicesQuery['models'][number];
export type Alias = Pick<ModelAliasPartsFragment, 'alias' | 'model'>;

/** @param models the newest version of a name first, as the service lists them */
export function modelNamed(
  given: string | undefined,
  models: readonly Model[],
  aliases: readonly Alias[],
): Model | undefined {
  if (given === undefined) return undefined;
  const named = (name: string) => models.find(({ id }) => id === name) ?? models.find((one) => one.name === name);
  const alias = aliases.find((one) => one.alias === given);
  return named(given) ?? (alias && named(alias.model));
}
