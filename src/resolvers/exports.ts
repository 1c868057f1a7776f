import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { acceptExport } from '../exports/admission.js';
import type { Connection } from '../schema/connection.js';
import { PageArgs, connection } from '../schema/connection.js';
import {
  Archive,
  Export,
  ExportConnection,
  ExportDatasetInput,
  ExportError,
  ExportOptions,
  ExportProgress,
} from '../schema/export.js';
import { pageRequest } from '../storage/pages.js';
import type { ExportRow } from '../storage/tables.js';
import type { Context } from './context.js';
import { conditions } from './samples.js';

@Resolver(() => Export)
export class ExportResolver {
  @Query(() => Export, { nullable: true })
  async export(@Arg('id', () => ID) id: string, @Ctx() { exports }: Context): Promise<ExportRow | null> {
    return (await exports.byId(id)) ?? null;
  }

  @Query(() => ExportConnection, { description: 'The newest first.' })
  async exports(@Args(() => PageArgs) args: PageArgs, @Ctx() { exports }: Context): Promise<Connection<ExportRow>> {
    const request = pageRequest(args, ['id']);
    return connection(await exports.page(request), request, (row) => [row.id]);
  }

  @Mutation(() => Export, { description: 'The set of samples is fixed at once; the archive is written after that.' })
  async exportDataset(
    @Arg('input', () => ExportDatasetInput) input: ExportDatasetInput,
    @Ctx() context: Context,
  ): Promise<ExportRow> {
    const wanted = await conditions(input.filter ?? {}, context);
    return acceptExport(context.scope, context.parts.config.limits, input, wanted);
  }

  @FieldResolver(() => ExportOptions)
  options(@Root() { settings }: ExportRow): ExportOptions {
    return settings;
  }

  @FieldResolver(() => ExportProgress)
  progress(@Root() { samplesDone, sampleCount }: ExportRow): ExportProgress {
    const fraction = sampleCount === 0 ? 1 : samplesDone / sampleCount;
    return { samplesDone, samplesTotal: sampleCount, fraction };
  }

  @FieldResolver(() => Archive, { nullable: true, description: 'When it has succeeded.' })
  archive(@Root() row: ExportRow, @Ctx() { parts, scope, origin }: Context): Archive | null {
    const { archiveKey, archiveBytes: bytes, archiveSha256: sha256 } = row;
    if (archiveKey === null || bytes === null || sha256 === null) return null;
    const { path, expiresAt } = parts.signer.sign(scope.tenantId, archiveKey);
    return { url: new URL(path, origin), contentType: 'application/zip', bytes, sha256, expiresAt };
  }

  @FieldResolver(() => ExportError, { nullable: true })
  error(@Root() { failure }: ExportRow): ExportError | null {
    return failure;
  }
}
