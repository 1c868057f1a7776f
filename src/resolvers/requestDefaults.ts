import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { GenerationInput } from '../generations/admission/generationInput.js';
import { requestDefaults } from '../generations/requestDefaults.js';
import { GenerationRequest, RequestDefaults } from '../schema/generationRequest.js';
import type { GenerationRow } from '../storage/tables.js';
import type { Context } from './context.js';

@Resolver(() => GenerationRequest)
export class RequestDefaultsResolver {
  @FieldResolver(() => RequestDefaults, {
    nullable: true,
    description: 'Null if the model is not there any more, or does not draw such a request any more.',
  })
  async defaults(
    @Root() { input, model, settings }: GenerationRequest & Pick<GenerationRow, 'settings'>,
    @Ctx() { loaders, rules }: Context,
  ): Promise<RequestDefaults | null> {
    const models = await loaders.modelsWith(model);
    return requestDefaults(input as GenerationInput, settings, models, rules.limits) as RequestDefaults | null;
  }
}
