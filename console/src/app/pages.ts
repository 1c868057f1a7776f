import {
  IconAffiliate,
  IconBrush,
  IconChecklist,
  IconColumns3,
  IconCpu,
  IconListDetails,
  IconPackageExport,
  IconPhoto,
  IconTags,
} from '@tabler/icons-react';
import { lazy } from 'react';

/** The pages in the order of the navigation; each is loaded when it is first opened. */
export const PAGES = [
  { name: 'draw', path: '/', icon: IconBrush, page: lazy(() => import('../draw/DrawPage.tsx')) },
  {
    name: 'photographs',
    path: '/photographs',
    icon: IconPhoto,
    page: lazy(() => import('../photographs/PhotographsPage.tsx')),
  },
  { name: 'gallery', path: '/gallery', icon: IconChecklist, page: lazy(() => import('../gallery/GalleryPage.tsx')) },
  { name: 'compare', path: '/compare', icon: IconColumns3, page: lazy(() => import('../compare/ComparePage.tsx')) },
  { name: 'queue', path: '/queue', icon: IconListDetails, page: lazy(() => import('../queue/QueuePage.tsx')) },
  {
    name: 'exports',
    path: '/exports',
    icon: IconPackageExport,
    page: lazy(() => import('../exports/ExportsPage.tsx')),
  },
  { name: 'catalog', path: '/catalog', icon: IconTags, page: lazy(() => import('../catalog/CatalogPage.tsx')) },
  { name: 'models', path: '/models', icon: IconAffiliate, page: lazy(() => import('../models/ModelsPage.tsx')) },
  {
    name: 'operations',
    path: '/operations',
    icon: IconCpu,
    page: lazy(() => import('../operations/OperationsPage.tsx')),
  },
] as const;
