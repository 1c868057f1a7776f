import { IconBrush } from '@tabler/icons-react';
import { lazy } from 'react';

/** The pages in the order of the navigation; each is loaded when it is first opened. */
export const PAGES = [
  { name: 'draw', path: '/', icon: IconBrush, page: lazy(() => import('../draw/DrawPage.tsx')) },
] as const;
