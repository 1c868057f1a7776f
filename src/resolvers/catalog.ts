import { Arg, Args, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import { optionalText, requireText } from '../text.js';
import { Coverage } from '../schema/enums.js';
import {
  Defect,
  DefectConnection,
  Product,
  ProductConnection,
  ProductDefect,
  ProductFilter,
} from '../schema/catalog.js';
import type { Connection } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import { ReferenceConnection } from '../schema/reference.js';
import { SampleConnection } from '../schema/sample.js';
import { pageRequest } from '../storage/pages.js';
import type { DefectRow, ProductRow, ReferenceRow, SampleRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { REFERENCE_KEY, referenceKey } from './references.js';
import { SAMPLE_KEY, sampleKey } from './samples.js';

@Resolver(() => Product)
export class ProductResolver {
  @Query(() => ProductConnection, { description: 'In the order of their part numbers.' })
  async products(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => ProductFilter, { nullable: true }) filter: ProductFilter | null,
    @Ctx() { catalog }: Context,
  ): Promise<Connection<ProductRow>> {
    const request = pageRequest(args, ['string']);
    const found = await catalog.productPage(request, optionalText(filter?.search, 'filter.search'));
    return connection(found, request, (row) => [row.partNumber]);
  }

  @Query(() => Product, { nullable: true })
  async product(
    @Arg('partNumber', () => String) partNumber: string,
    @Ctx() { catalog }: Context,
  ): Promise<ProductRow | null> {
    const [row] = await catalog.productsByPartNumber([requireText(partNumber, 'partNumber')]);
    return row ?? null;
  }

  @FieldResolver(() => [ProductDefect], { description: 'Every defect of the tenant, as it concerns this product.' })
  async defects(@Root() product: ProductRow, @Ctx() { loaders }: Context): Promise<ProductDefect[]> {
    const all = await loaders.allDefects.load('all');
    return all.map((defect) => ({ defect, productPromptName: product.promptName }));
  }

  @FieldResolver(() => SampleConnection, { description: 'The newest generation first.' })
  async samples(
    @Root() { id }: ProductRow,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { loaders }: Context,
  ): Promise<Connection<SampleRow>> {
    const request = pageRequest(args, SAMPLE_KEY);
    const found = await loaders.samplesUnder.load({ parent: 'product', id, request });
    return connection(found, request, sampleKey);
  }

  @FieldResolver(() => ReferenceConnection, { description: 'The newest first.' })
  async references(
    @Root() { id }: ProductRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('includeArchived', () => Boolean, { nullable: true, defaultValue: false }) includeArchived: boolean | null,
    @Ctx() { loaders }: Context,
  ): Promise<Connection<ReferenceRow>> {
    const request = pageRequest(args, REFERENCE_KEY);
    const found = await loaders.referencesUnder.load({ id, request, includeArchived: includeArchived ?? false });
    return connection(found, request, referenceKey);
  }
}

@Resolver(() => ProductDefect)
export class ProductDefectResolver {
  @FieldResolver(() => Coverage)
  coverage(
    @Root() { defect, productPromptName }: ProductDefect,
    @Arg('model', () => String, { nullable: true }) model: string | null,
    @Ctx() { parts: { models } }: Context,
  ): keyof typeof Coverage {
    return models.coverage(models.find(model), productPromptName, defect.promptName);
  }
}

@Resolver(() => Defect)
export class DefectResolver {
  @Query(() => DefectConnection, { description: 'In the order of their codes.' })
  async defects(@Args(() => PageArgs) args: PageArgs, @Ctx() { catalog }: Context): Promise<Connection<DefectRow>> {
    const request = pageRequest(args, ['string']);
    return connection(await catalog.defectPage(request), request, (row) => [row.code]);
  }
}
