import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { admitExport } from '../exports/admitExport.js';
import { archiveName } from '../artifacts/store.js';
import { EXPORT_ORDERS } from '../exports/exportRepository.js';
import type { Connection, OrderBy } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import {
  Archive,
  Export,
  ExportConnection,
  ExportDatasetInput,
  ExportError,
  ExportOptions,
  ExportOrder,
  ExportProgress,
} from '../schema/export.js';
import { pageRequest } from '../storage/pagination.js';
import type { ExportRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { sampleConditions } from './filters.js';
import { RequiresRole } from './requiresRole.js';

@Resolver(() => Export)
export class ExportResolver {
  @Query(() => Export, { nullable: true })
  async export(@Arg('id', () => ID) id: string, @Ctx() { exports }: Context): Promise<ExportRow | null> {
    return (await exports.byId(id)) ?? null;
  }

  @Query(() => ExportConnection, { description: 'The newest first, unless orderBy says otherwise.' })
  async exports(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('orderBy', () => ExportOrder, { nullable: true }) orderBy: OrderBy<'CREATED_AT'> | null,
    @Ctx() { exports, loaders }: Context,
  ): Promise<Connection<ExportRow>> {
    const request = pageRequest(args, EXPORT_ORDERS, orderBy);
    return connection(await exports.page(request), request, EXPORT_ORDERS, () => loaders.inTurn(exports.count));
  }

  @RequiresRole('OPERATOR')
  @Mutation(() => Export, {
    description: 'The set of samples is fixed when the request is accepted. The archive is written afterwards.',
  })
  async exportDataset(
    @Arg('input', () => ExportDatasetInput) input: ExportDatasetInput,
    @Ctx() { scope, services }: Context,
  ): Promise<ExportRow> {
    return admitExport(scope, services.config.limits, input, sampleConditions(input.filter ?? null));
  }

  @FieldResolver(() => ExportOptions)
  options(@Root() { settings }: ExportRow): ExportOptions {
    return { ...settings, photographs: settings.photographs ?? { own: false, ofOtherProducts: false } };
  }

  @FieldResolver(() => ExportProgress)
  progress(@Root() { samplesDone, sampleCount }: ExportRow): ExportProgress {
    const fraction = sampleCount === 0 ? 1 : samplesDone / sampleCount;
    return { samplesDone, samplesTotal: sampleCount, fraction };
  }

  @FieldResolver(() => Archive, { nullable: true, description: 'Null until the export has succeeded.' })
  async archive(@Root() row: ExportRow, @Ctx() { services, identity, origin }: Context): Promise<Archive | null> {
    const { archiveKey, archiveBytes: bytes, archiveSha256: sha256 } = row;
    if (archiveKey === null || bytes === null || sha256 === null) return null;
    const file = { contentType: 'application/zip', bytes, sha256 };
    const fileName = archiveName(archiveKey);
    const direct = await services.store.directUrl(identity.tenantId, archiveKey, { ...file, fileName });
    if (direct !== undefined) return { ...file, ...direct };
    const { path, expiresAt } = services.signer.sign(identity, archiveKey);
    return { ...file, url: new URL(path, origin), expiresAt };
  }

  @FieldResolver(() => ExportError, { nullable: true })
  error(@Root() { failure }: ExportRow): ExportError | null {
    return failure;
  }
}
