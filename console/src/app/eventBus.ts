/** The events of the tenant's generations, for the pages that do more than show the state. */
import { useEffect, useRef } from 'react';

export interface GenerationNews {
  /** That of an event; or "Missed": after a break of more than a day, nobody knows what happened in it. */
  readonly type: string | undefined;
  readonly generationId?: string;
}

const target = new EventTarget();

export function announce(news: GenerationNews): void {
  target.dispatchEvent(new CustomEvent('news', { detail: news }));
}

export function useGenerationNews(listener: (news: GenerationNews) => void): void {
  const current = useRef(listener);
  useEffect(() => {
    current.current = listener;
  });
  useEffect(() => {
    const hear = (event: Event) => current.current((event as CustomEvent<GenerationNews>).detail);
    target.addEventListener('news', hear);
    return () => target.removeEventListener('news', hear);
  }, []);
}
