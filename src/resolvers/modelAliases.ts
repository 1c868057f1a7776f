import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { ServiceError, quote } from '../errors.js';
import { modelAliasesOf } from '../models/modelAliases.js';
import { ModelAlias } from '../schema/modelAlias.js';
import type { ModelAliasRow } from '../storage/tables.js';
import { requireText } from '../validateText.js';
import type { Context } from './context.js';
import { RequiresRole } from './requiresRole.js';

@Resolver()
export class ModelAliasResolver {
  @Query(() => [ModelAlias], { description: 'By name.' })
  async modelAliases(@Ctx() { scope }: Context): Promise<ModelAliasRow[]> {
    return [...(await modelAliasesOf(scope).list())];
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => ModelAlias, {
    description:
      'Makes a name stand for a version of a model, in every place that takes a model. It can be moved at any time; generations ' +
      'that were accepted before keep their version.',
  })
  async setModelAlias(
    @Arg('alias', () => String, { description: 'Such as "production". Not the name of a model.' }) alias: string,
    @Arg('model', () => String, {
      description: 'name@version, or a name or an alias, which stands for one version at this moment.',
    })
    model: string,
    @Ctx() { scope, services, loaders }: Context,
  ): Promise<ModelAliasRow> {
    if (services.models.has(alias))
      throw new ServiceError(
        'MODEL_NAME_TAKEN',
        `alias: ${quote(alias)} is a model of this service; choose another name`,
        {
          field: 'alias',
        },
      );
    const models = await loaders.modelsWith(requireText(model, 'model'));
    const bundle = models.find(model);
    const row = await modelAliasesOf(scope).set(alias, bundle, models.ownModel(bundle) !== undefined);
    services.log.info({ tenant: scope.tenantId, alias, model: row.model }, 'an alias of a model was set');
    return row;
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => ModelAlias, { description: 'The model stays. Returns what was deleted.' })
  deleteModelAlias(@Arg('alias', () => String) alias: string, @Ctx() { scope }: Context): Promise<ModelAliasRow> {
    return modelAliasesOf(scope).delete(requireText(alias, 'alias'));
  }
}
