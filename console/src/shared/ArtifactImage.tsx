import type { ComponentProps } from 'react';
import { useFreshUrl } from './useFreshUrl.ts';

interface Props extends Omit<ComponentProps<'img'>, 'src' | 'onLoad' | 'onError'> {
  /** The id of the sample, photograph, or training whose image it is. */
  readonly owner: string;
  readonly url: string;
  readonly alt: string;
}

/** An image of the service, whose URL is asked for again when it has expired. */
export function ArtifactImage({ owner, url, alt, ...rest }: Props) {
  const { current, onLoad, onError } = useFreshUrl(owner, url);
  return <img {...rest} src={current} alt={alt} onLoad={onLoad} onError={onError} />;
}
