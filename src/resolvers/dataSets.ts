import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { createDataSet } from '../dataSets/createDataSet.js';
import type { MemberCounts } from '../dataSets/dataSetRepository.js';
import { DATA_SET_ORDERS, MEMBER_ORDERS } from '../dataSets/dataSetRepository.js';
import { Defect, Product } from '../schema/catalog.js';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import {
  CreateDataSetInput,
  DataSet,
  DataSetConnection,
  DataSetCounts,
  DataSetFilter,
  DataSetMember,
  DataSetMemberConnection,
  DataSetMemberFilter,
  DataSetOrder,
} from '../schema/dataSet.js';
import { Reference } from '../schema/reference.js';
import { Sample } from '../schema/sample.js';
import { pageRequest } from '../storage/pagination.js';
import type {
  DataSetMemberRow,
  DataSetRow,
  DefectRow,
  ProductRow,
  ReferenceRow,
  SampleRow,
} from '../storage/tables.js';
import { optionalText } from '../validateText.js';
import type { Context } from './context.js';
import { sampleConditions } from './filters.js';
import { RequiresRole } from './requiresRole.js';

@Resolver(() => DataSet)
export class DataSetResolver {
  @Query(() => DataSet, { nullable: true, description: 'Also a deleted one.' })
  async dataSet(@Arg('id', () => ID) id: string, @Ctx() { dataSets }: Context): Promise<DataSetRow | null> {
    return (await dataSets.byIds([id])).at(0) ?? null;
  }

  @Query(() => DataSetConnection, {
    description: 'All versions that are not deleted; the newest first, unless orderBy says otherwise.',
  })
  async dataSets(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => DataSetFilter, { nullable: true }) filter: DataSetFilter | null,
    @Arg('orderBy', () => DataSetOrder, { nullable: true }) orderBy: OrderBy<'CREATED_AT'> | null,
    @Ctx() { dataSets, loaders }: Context,
  ): Promise<Connection<DataSetRow>> {
    const request = pageRequest(args, DATA_SET_ORDERS, orderBy);
    const conditions = { name: optionalText(filter?.name?.normalize('NFC').trim(), 'filter.name') };
    const found = await dataSets.page(request, conditions);
    return connection(found, request, DATA_SET_ORDERS, () => loaders.inTurn(() => dataSets.count(conditions)));
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => DataSet, {
    description: 'Makes the next version of a data set. Its photographs are uploaded before; see createUpload.',
  })
  createDataSet(
    @Arg('input', () => CreateDataSetInput) input: CreateDataSetInput,
    @Ctx() { scope, services }: Context,
  ): Promise<DataSetRow> {
    const { acceptedSamples } = input;
    const conditions = acceptedSamples == null ? undefined : sampleConditions(acceptedSamples);
    const { store, decoding, config } = services;
    return createDataSet(scope, { store, decoding, limits: config.limits }, input, conditions);
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => DataSet, {
    description:
      'Deletes one version: it is not listed any more and has no members. Its photographs and samples stay, and models that learnt from it.',
  })
  deleteDataSet(@Arg('id', () => ID) id: string, @Ctx() { dataSets }: Context): Promise<DataSetRow> {
    return dataSets.delete(id);
  }

  @FieldResolver(() => DataSetCounts)
  counts(@Root() { id }: DataSetRow, @Ctx() { loaders }: Context): Promise<MemberCounts> {
    return loaders.memberCounts.load(id);
  }

  @FieldResolver(() => DataSetMemberConnection, { description: 'Photographs first, then samples.' })
  async members(
    @Root() { id }: DataSetRow,
    @Args(() => PageArgs) args: PageArgs,
    @Arg('filter', () => DataSetMemberFilter, { nullable: true }) filter: DataSetMemberFilter | null,
    @Ctx() { dataSets, loaders }: Context,
  ): Promise<Connection<DataSetMemberRow>> {
    const request = pageRequest(args, MEMBER_ORDERS);
    const conditions = { split: filter?.split ?? undefined, hasFindings: filter?.hasFindings ?? undefined };
    const found = await loaders.membersUnder.load({ id, request, conditions });
    return connection(found, request, MEMBER_ORDERS, () => loaders.inTurn(() => dataSets.memberCount(id, conditions)));
  }
}

@Resolver(() => DataSetMember)
export class DataSetMemberResolver {
  @FieldResolver(() => Reference, { nullable: true, description: 'Null for a sample.' })
  async reference(
    @Root() { referenceId }: DataSetMemberRow,
    @Ctx() { loaders }: Context,
  ): Promise<ReferenceRow | null> {
    return referenceId === null ? null : loaders.reference.load(referenceId);
  }

  @FieldResolver(() => Sample, { nullable: true, description: 'Null for a photograph.' })
  async sample(@Root() { sampleId }: DataSetMemberRow, @Ctx() { loaders }: Context): Promise<SampleRow | null> {
    return sampleId === null ? null : loaders.sample.load(sampleId);
  }

  @FieldResolver(() => Product)
  async product(@Root() row: DataSetMemberRow, @Ctx() context: Context): Promise<ProductRow> {
    return context.loaders.product.load((await shown(row, context)).productId);
  }

  @FieldResolver(() => Defect, { nullable: true, description: 'Null for a photograph of a good part.' })
  async defect(@Root() row: DataSetMemberRow, @Ctx() context: Context): Promise<DefectRow | null> {
    const { defectId } = await shown(row, context);
    return defectId === null ? null : context.loaders.defect.load(defectId);
  }
}

function shown(
  { referenceId, sampleId }: DataSetMemberRow,
  { loaders }: Context,
): Promise<Pick<ReferenceRow, 'productId' | 'defectId'>> {
  return referenceId === null ? loaders.sample.load(sampleId ?? '') : loaders.reference.load(referenceId);
}
