import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireCode } from '../catalog/codes.js';
import { Coverage, ReferenceState } from '../schema/enums.js';
import {
  Defect,
  DefectConnection,
  DefectFilter,
  Product,
  ProductConnection,
  ProductDefect,
  ProductDefectConnection,
  ProductFilter,
} from '../schema/catalog.js';
import type { Connection } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import { ReferenceConnection } from '../schema/reference.js';
import { SampleConnection, SampleFilter } from '../schema/sample.js';
import { pageRequest } from '../storage/pagination.js';
import type { DefectRow, ProductRow, ReferenceRow, SampleRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { catalogConditions, sampleConditions } from './filters.js';
import { RequiresRole } from './requiresRole.js';
import { REFERENCE_KEY, referenceKey } from './references.js';
import { SAMPLE_KEY, sampleKey } from './samples.js';

@Resolver(() => Product)
export class ProductResolver {
  @Query(() => ProductConnection, { description: 'Sorted by part number.' })
  async products(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => ProductFilter, { nullable: true }) filter: ProductFilter | null,
    @Arg('includeArchived', () => Boolean, { nullable: true, defaultValue: false }) includeArchived: boolean | null,
    @Ctx() { catalog, services: { models } }: Context,
  ): Promise<Connection<ProductRow>> {
    const request = pageRequest(args, ['string']);
    const conditions = catalogConditions(filter, includeArchived, 'PRODUCT', models);
    const found = await catalog.productPage(request, conditions);
    return connection(found, request, (row) => [row.partNumber]);
  }

  @Query(() => Product, { nullable: true })
  async product(
    @Arg('partNumber', () => String) partNumber: string,
    @Ctx() { catalog }: Context,
  ): Promise<ProductRow | null> {
    const [row] = await catalog.productsByPartNumber([requireCode(partNumber, 'partNumber')]);
    return row ?? null;
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Product, {
    description: 'Removes the product from lists. Queued generations still run, and existing samples stay.',
  })
  archiveProduct(
    @Arg('partNumber', () => String) partNumber: string,
    @Ctx() { catalog }: Context,
  ): Promise<ProductRow> {
    return catalog.setProductArchived(requireCode(partNumber, 'partNumber'), true);
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Product)
  unarchiveProduct(
    @Arg('partNumber', () => String) partNumber: string,
    @Ctx() { catalog }: Context,
  ): Promise<ProductRow> {
    return catalog.setProductArchived(requireCode(partNumber, 'partNumber'), false);
  }

  @FieldResolver(() => [ProductDefect], {
    deprecationReason: 'Use `pairs`, which has pages.',
    description: 'All defects that are not archived, with their coverage for this product; at most 200.',
  })
  async defects(
    @Root() { promptName }: ProductRow,
    @Arg('coverage', () => [Coverage], { nullable: true, description: 'Any of these coverages, under the model.' })
    coverages: (keyof typeof Coverage)[] | null,
    @Arg('model', () => String, { nullable: true }) model: string | null,
    @Ctx() { loaders }: Context,
  ): Promise<readonly ProductDefect[]> {
    return (await loaders.productDefects.load({ promptName, coverages, model, request: undefined })).rows;
  }

  @FieldResolver(() => ProductDefectConnection, {
    description: 'The defects that are not archived, with their coverage for this product, sorted by code.',
  })
  async pairs(
    @Root() { promptName }: ProductRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('coverage', () => [Coverage], { nullable: true, description: 'Any of these coverages, under the model.' })
    coverages: (keyof typeof Coverage)[] | null,
    @Arg('model', () => String, { nullable: true }) model: string | null,
    @Ctx() { loaders }: Context,
  ): Promise<Connection<ProductDefect>> {
    const request = pageRequest(args, ['string']);
    const found = await loaders.productDefects.load({ promptName, coverages, model, request });
    return connection(found, request, (pair) => [pair.defect.code]);
  }

  @FieldResolver(() => SampleConnection, { description: 'The newest generation first.' })
  async samples(
    @Root() { id }: ProductRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => SampleFilter, { nullable: true }) filter: SampleFilter | null,
    @Ctx() { loaders }: Context,
  ): Promise<Connection<SampleRow>> {
    const request = pageRequest(args, SAMPLE_KEY);
    const conditions = sampleConditions(filter);
    const found = await loaders.samplesUnder.load({ parent: 'product', id, request, conditions });
    return connection(found, request, sampleKey);
  }

  @FieldResolver(() => ReferenceConnection, { description: 'The newest first.' })
  async references(
    @Root() { id }: ProductRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('includeArchived', () => Boolean, { nullable: true, defaultValue: false }) includeArchived: boolean | null,
    @Arg('state', () => ReferenceState, { nullable: true, description: 'Default: both.' })
    state: keyof typeof ReferenceState | null,
    @Ctx() { loaders }: Context,
  ): Promise<Connection<ReferenceRow>> {
    const request = pageRequest(args, REFERENCE_KEY);
    const conditions = { includeArchived: includeArchived ?? false, state: state ?? undefined };
    const found = await loaders.referencesUnder.load({ id, request, conditions });
    return connection(found, request, referenceKey);
  }
}

@Resolver(() => ProductDefect)
export class ProductDefectResolver {
  @FieldResolver(() => Coverage)
  coverage(
    @Root() { defect, productPromptName }: ProductDefect,
    @Arg('model', () => String, { nullable: true }) model: string | null,
    @Ctx() { services: { models } }: Context,
  ): keyof typeof Coverage {
    return models.coverage(models.find(model), productPromptName, defect.promptName);
  }
}

@Resolver(() => Defect)
export class DefectResolver {
  @Query(() => DefectConnection, { description: 'Sorted by code.' })
  async defects(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => DefectFilter, { nullable: true }) filter: DefectFilter | null,
    @Arg('includeArchived', () => Boolean, { nullable: true, defaultValue: false }) includeArchived: boolean | null,
    @Ctx() { catalog, services: { models } }: Context,
  ): Promise<Connection<DefectRow>> {
    const request = pageRequest(args, ['string']);
    const conditions = catalogConditions(filter, includeArchived, 'DEFECT', models);
    return connection(await catalog.defectPage(request, conditions), request, (row) => [row.code]);
  }

  @Query(() => Defect, { nullable: true })
  async defect(@Arg('code', () => String) code: string, @Ctx() { catalog }: Context): Promise<DefectRow | null> {
    const [row] = await catalog.defectsByCode([requireCode(code, 'code')]);
    return row ?? null;
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Defect, {
    description: 'Removes the defect from lists. Queued generations still run, and existing samples stay.',
  })
  archiveDefect(@Arg('code', () => String) code: string, @Ctx() { catalog }: Context): Promise<DefectRow> {
    return catalog.setDefectArchived(requireCode(code, 'code'), true);
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Defect)
  unarchiveDefect(@Arg('code', () => String) code: string, @Ctx() { catalog }: Context): Promise<DefectRow> {
    return catalog.setDefectArchived(requireCode(code, 'code'), false);
  }
}
