import { GraphQLURL } from 'graphql-scalars';
import { Arg, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { THUMBNAIL_SIDES } from '../artifacts/store.js';
import { thumbnailKey } from '../artifacts/thumbnails.js';
import { ThumbnailSize } from '../schema/enums.js';
import { Artifact } from '../schema/sample.js';
import type { Context } from './context.js';
import type { ArtifactOfKey } from './toArtifact.js';

@Resolver(() => Artifact)
export class ThumbnailResolver {
  @FieldResolver(() => GraphQLURL, {
    description:
      'A small copy, as WebP, for lists. The first request makes it, and the service keeps it. Of a mask, it is black and white. Expires like `url`.',
  })
  thumbnailUrl(
    @Root() { key }: ArtifactOfKey,
    @Arg('size', () => ThumbnailSize, { defaultValue: ThumbnailSize.MEDIUM }) size: keyof typeof ThumbnailSize,
    @Ctx() { services, identity, origin }: Context,
  ): URL {
    return new URL(services.signer.sign(identity, thumbnailKey(key, THUMBNAIL_SIDES[size])).path, origin);
  }
}
