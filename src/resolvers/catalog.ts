import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { DEFECT_ORDERS, PRODUCT_DEFECT_ORDERS, PRODUCT_ORDERS } from '../catalog/catalogOrders.js';
import { requireCode } from '../catalog/codes.js';
import { countProductDefects } from '../catalog/productDefects.js';
import { SAMPLE_ORDERS } from '../generations/samples/sampleOrder.js';
import { REFERENCE_ORDERS } from '../references/references.js';
import { Coverage, ReferenceState } from '../schema/enums.js';
import {
  Defect,
  DefectConnection,
  DefectFilter,
  DefectOrder,
  Product,
  ProductConnection,
  ProductDefect,
  ProductDefectConnection,
  ProductDefectOrder,
  ProductFilter,
  ProductOrder,
} from '../schema/catalog.js';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import { ReferenceConnection, ReferenceOrder, RegionMask } from '../schema/reference.js';
import { SampleConnection, SampleFilter } from '../schema/sample.js';
import { pageRequest } from '../storage/pagination.js';
import type { DefectRow, ProductRow, ReferenceRow, RegionMaskRow, SampleRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { catalogConditions, sampleConditions } from './filters.js';
import { RequiresRole } from './requiresRole.js';

@Resolver(() => Product)
export class ProductResolver {
  @Query(() => ProductConnection, { description: 'Sorted by part number, unless orderBy says otherwise.' })
  async products(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => ProductFilter, { nullable: true }) filter: ProductFilter | null,
    @Arg('includeArchived', () => Boolean, { nullable: true, defaultValue: false }) includeArchived: boolean | null,
    @Arg('orderBy', () => ProductOrder, { nullable: true }) orderBy: OrderBy<keyof typeof PRODUCT_ORDERS.fields> | null,
    @Ctx() { catalog, loaders }: Context,
  ): Promise<Connection<ProductRow>> {
    const request = pageRequest(args, PRODUCT_ORDERS, orderBy);
    const models = await loaders.modelsWith(filter?.drawableBy);
    const conditions = catalogConditions(filter, includeArchived, 'PRODUCT', models);
    const found = await catalog.productPage(request, conditions);
    return connection(found, request, PRODUCT_ORDERS, () => loaders.inTurn(() => catalog.productCount(conditions)));
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

  @RequiresRole('OPERATOR')
  @Mutation(() => Product, {
    description:
      'Keeps where defects may lie on the photographs of the product, for everybody. It changes no request: send it as `allowedArea`.',
  })
  async setAllowedArea(
    @Arg('partNumber', () => String) partNumber: string,
    @Arg('maskId', () => ID, { nullable: true, description: 'A region mask. Without one, nothing is kept any more.' })
    maskId: string | null,
    @Ctx() { catalog, masks }: Context,
  ): Promise<ProductRow> {
    const mask = maskId == null ? null : await masks.require(maskId, 'maskId');
    return catalog.setAllowedMask(requireCode(partNumber, 'partNumber'), mask?.id ?? null);
  }

  @FieldResolver(() => RegionMask, {
    nullable: true,
    description: 'Where defects may lie on its photographs, as setAllowedArea kept it.',
  })
  async allowedArea(@Root() { allowedMaskId }: ProductRow, @Ctx() { loaders }: Context): Promise<RegionMaskRow | null> {
    return allowedMaskId === null ? null : loaders.mask.load(allowedMaskId);
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
    description:
      'The defects that are not archived, with their coverage for this product, sorted by code unless orderBy says otherwise.',
  })
  async pairs(
    @Root() { promptName }: ProductRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('coverage', () => [Coverage], { nullable: true, description: 'Any of these coverages, under the model.' })
    coverages: (keyof typeof Coverage)[] | null,
    @Arg('model', () => String, { nullable: true }) model: string | null,
    @Arg('orderBy', () => ProductDefectOrder, { nullable: true }) orderBy: OrderBy<'CODE'> | null,
    @Ctx() { loaders }: Context,
  ): Promise<Connection<ProductDefect>> {
    const request = pageRequest(args, PRODUCT_DEFECT_ORDERS, orderBy);
    const query = { promptName, coverages, model };
    const found = await loaders.productDefects.load({ ...query, request });
    return connection(found, request, PRODUCT_DEFECT_ORDERS, async () =>
      countProductDefects(await loaders.activeDefects(), await loaders.modelsWith(model), query),
    );
  }

  @FieldResolver(() => SampleConnection, { description: 'The newest generation first.' })
  async samples(
    @Root() { id }: ProductRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => SampleFilter, { nullable: true }) filter: SampleFilter | null,
    @Ctx() { loaders, samples }: Context,
  ): Promise<Connection<SampleRow>> {
    const request = pageRequest(args, SAMPLE_ORDERS);
    const conditions = sampleConditions(filter);
    const under = { parent: 'product', id } as const;
    const found = await loaders.samplesUnder.load({ ...under, request, conditions });
    return connection(found, request, SAMPLE_ORDERS, () => loaders.inTurn(() => samples.count(conditions, under)));
  }

  @FieldResolver(() => ReferenceConnection, { description: 'The newest first, unless orderBy says otherwise.' })
  async references(
    @Root() { id }: ProductRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('includeArchived', () => Boolean, { nullable: true, defaultValue: false }) includeArchived: boolean | null,
    @Arg('state', () => ReferenceState, { nullable: true, description: 'Default: both.' })
    state: keyof typeof ReferenceState | null,
    @Arg('orderBy', () => ReferenceOrder, { nullable: true }) orderBy: OrderBy<'CREATED_AT'> | null,
    @Ctx() { loaders, references }: Context,
  ): Promise<Connection<ReferenceRow>> {
    const request = pageRequest(args, REFERENCE_ORDERS, orderBy);
    const conditions = { includeArchived: includeArchived ?? false, state: state ?? undefined };
    const found = await loaders.referencesUnder.load({ id, request, conditions });
    return connection(found, request, REFERENCE_ORDERS, () =>
      loaders.inTurn(() => references.countOfProduct(id, conditions)),
    );
  }
}

@Resolver(() => ProductDefect)
export class ProductDefectResolver {
  @FieldResolver(() => Coverage)
  async coverage(
    @Root() { defect, productPromptName, model: listed }: ProductDefect,
    @Arg('model', () => String, { nullable: true, description: 'By default, the model of the list.' })
    named: string | null,
    @Ctx() { loaders }: Context,
  ): Promise<keyof typeof Coverage> {
    const model = named ?? listed;
    const models = await loaders.modelsWith(model);
    return models.coverage(models.find(model), productPromptName, defect.promptName);
  }
}

@Resolver(() => Defect)
export class DefectResolver {
  @Query(() => DefectConnection, { description: 'Sorted by code, unless orderBy says otherwise.' })
  async defects(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => DefectFilter, { nullable: true }) filter: DefectFilter | null,
    @Arg('includeArchived', () => Boolean, { nullable: true, defaultValue: false }) includeArchived: boolean | null,
    @Arg('orderBy', () => DefectOrder, { nullable: true }) orderBy: OrderBy<keyof typeof DEFECT_ORDERS.fields> | null,
    @Ctx() { catalog, loaders }: Context,
  ): Promise<Connection<DefectRow>> {
    const request = pageRequest(args, DEFECT_ORDERS, orderBy);
    const models = await loaders.modelsWith(filter?.drawableBy);
    const conditions = catalogConditions(filter, includeArchived, 'DEFECT', models);
    const found = await catalog.defectPage(request, conditions);
    return connection(found, request, DEFECT_ORDERS, () => loaders.inTurn(() => catalog.defectCount(conditions)));
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
