import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import type { Bundle } from '../inference/index.js';
import { modelsOf } from '../models/modelRepository.js';
import { Model } from '../schema/model.js';
import { requireText } from '../validateText.js';
import type { Context } from './context.js';
import { RequiresRole } from './requiresRole.js';

@Resolver()
export class ModelResolver {
  @Query(() => [Model], {
    description: 'Those of the operator and those of the tenant, sorted by name, the newest version first.',
  })
  async models(@Ctx() { loaders }: Context): Promise<Model[]> {
    const models = await loaders.allModels();
    return models.all.map((bundle) => modelOf(bundle, models));
  }

  @Query(() => Model, { nullable: true, description: 'By its name@version.' })
  async model(@Arg('id', () => ID) id: string, @Ctx() context: Context): Promise<Model | null> {
    return (await modelById(id, context)) ?? null;
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => String, {
    description:
      'Deletes a model of the tenant, so that no request can name it. Generations that were accepted before are still drawn, and samples stay. ' +
      'Returns its id. Only the same files can be uploaded again under this name and version.',
  })
  async deleteModel(
    @Arg('id', () => String, { description: 'name@version' }) id: string,
    @Ctx() { scope, services }: Context,
  ): Promise<string> {
    const { name, version } = await modelsOf(scope).delete(requireText(id, 'id'));
    services.log.info({ tenant: scope.tenantId, model: `${name}@${version}` }, 'a model was deleted');
    return `${name}@${version}`;
  }
}

/** name@version, as an export writes it. */
const MODEL_ID = /^[a-z0-9._-]{1,64}@[0-9.]{1,32}$/;

/** Neither by a name alone nor by an alias, which do not stand for the same version for ever. */
export async function modelById(id: string, { loaders }: Context): Promise<Model | undefined> {
  if (!MODEL_ID.test(id)) return undefined;
  const models = await loaders.modelsWith(id);
  const bundle = models.all.find((one) => one.id === id);
  return bundle && modelOf(bundle, models);
}

export function modelOf(bundle: Bundle, models: ModelRegistry): Model {
  const { id, name, version, manifest, adapter } = bundle;
  const { products, defects } = manifest.vocabulary;
  const { image, license, defaults, ranges } = manifest;
  const own = models.ownModel(bundle);
  return {
    id,
    name,
    version,
    description: manifest.description ?? null,
    isDefault: models.find() === bundle,
    visibility: own === undefined ? 'PUBLIC' : 'PRIVATE',
    base: adapter?.base ?? null,
    isTrainingBase: adapter === undefined && (own === undefined || own.isTrained),
    uploadedAt: own?.createdAt ?? null,
    drawsOnPhotographs: bundle.manifest.components.image_encoder !== undefined,
    image,
    license: { ...license, sources: [...license.sources] },
    vocabulary: {
      products: [...products],
      defects: [...defects],
      // Most queries do not ask for them, and a model can have thousands.
      get pairs() {
        return products.flatMap((product) =>
          defects.map((defect) => ({ product, defect, coverage: models.coverage(bundle, product, defect) })),
        );
      },
    },
    defaults,
    ranges,
    turbo: manifest.turbo === undefined ? null : { ...manifest.turbo, steps: [...manifest.turbo.steps] },
  };
}
