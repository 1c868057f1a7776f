import { Arg, Args, Ctx, Mutation, Query, Resolver, createParameterDecorator } from 'type-graphql';
import { ALIAS_ORDERS, aliasesOf } from '../catalog/aliases.js';
import type { ImportResult } from '../catalog/importCatalog.js';
import { importCatalog } from '../catalog/importCatalog.js';
import type { CatalogImport } from '../catalog/validateImport.js';
import { PAPER_ALIASES } from '../catalog/paperAliases.js';
import { Alias, AliasConnection, AliasFilter, AliasOrder, BuiltInAlias } from '../schema/alias.js';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import { CatalogKind } from '../schema/enums.js';
import { allModels } from '../models/tenantRegistry.js';
import { ImportCatalogInput, ImportCatalogPayload } from '../schema/importCatalog.js';
import { pageRequest } from '../storage/pagination.js';
import type { AliasRow } from '../storage/tables.js';
import { requireText } from '../validateText.js';
import type { Context } from './context.js';
import { aliasConditions } from './filters.js';
import { RequiresRole } from './requiresRole.js';

/**
 * The argument as graphql-js validated it. Creating class instances for thousands of items would block the event loop.
 */
const AsSent = () =>
  createParameterDecorator(({ args }) => args['input'], {
    arg: { name: 'input', typeFunc: () => ImportCatalogInput },
  });

@Resolver()
export class ImportResolver {
  @RequiresRole('OPERATOR')
  @Mutation(() => ImportCatalogPayload, {
    description:
      'Imports products, defects, and aliases: all of them or none. An identical import changes nothing. Archived items that it names are restored.',
  })
  async importCatalog(
    @AsSent() input: ImportCatalogInput,
    @Ctx() { scope, services: { models, config } }: Context,
  ): Promise<ImportResult> {
    return importCatalog(scope, await allModels(scope, models), config.limits.catalogItems, itemsOf(input));
  }

  @Query(() => AliasConnection, { description: "The tenant's own aliases, sorted by kind and then by alias." })
  async aliases(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => AliasFilter, { nullable: true }) filter: AliasFilter | null,
    @Arg('orderBy', () => AliasOrder, { nullable: true }) orderBy: OrderBy<'ALIAS'> | null,
    @Ctx() { scope, loaders }: Context,
  ): Promise<Connection<AliasRow>> {
    const request = pageRequest(args, ALIAS_ORDERS, orderBy);
    const conditions = aliasConditions(filter);
    const aliases = aliasesOf(scope);
    const found = await aliases.page(request, conditions);
    return connection(found, request, ALIAS_ORDERS, () => loaders.inTurn(() => aliases.count(conditions)));
  }

  @Query(() => [BuiltInAlias], { description: "Table 2 of the paper's supplement." })
  builtInAliases(): BuiltInAlias[] {
    return Object.entries(PAPER_ALIASES).map(([alias, promptName]) => ({ alias, promptName }));
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Alias, {
    description:
      'Returns the removed alias. Products and defects keep their prompt names until they are imported again.',
  })
  removeAlias(
    @Arg('kind', () => CatalogKind) kind: keyof typeof CatalogKind,
    @Arg('alias', () => String) alias: string,
    @Ctx() { scope }: Context,
  ): Promise<AliasRow> {
    return aliasesOf(scope).remove(kind, requireText(alias, 'alias'));
  }
}

function itemsOf({ products, defects, aliases, archiveMissing }: ImportCatalogInput): CatalogImport {
  const place = (list: string, i: number) => `input.${list}[${String(i)}]`;
  return {
    products: products?.map(({ partNumber, ...rest }, i) => ({
      ...rest,
      code: partNumber,
      path: place('products', i),
    })),
    defects: defects?.map((defect, i) => ({ ...defect, path: place('defects', i) })),
    aliases: (aliases ?? []).map((alias, i) => ({
      ...alias,
      kind: alias.kind ?? 'DEFECT',
      path: place('aliases', i),
    })),
    archiveMissing: archiveMissing ?? false,
  };
}
