import {
  IconAffiliate,
  IconBrush,
  IconChecklist,
  IconColumns3,
  IconCpu,
  IconListDetails,
  IconPackageExport,
  IconPhoto,
  IconSchool,
  IconTags,
} from '@tabler/icons-react';
import { loadedLater } from './loadedLater.ts';

/** The pages in the order of the navigation; each is loaded when it is first opened. */
export const PAGES = [
  { name: 'draw', path: '/', icon: IconBrush, page: loadedLater(() => import('../draw/DrawPage.tsx')) },
  {
    name: 'photographs',
    path: '/photographs',
    icon: IconPhoto,
    page: loadedLater(() => import('../photographs/PhotographsPage.tsx')),
  },
  {
    name: 'gallery',
    path: '/gallery',
    icon: IconChecklist,
    page: loadedLater(() => import('../gallery/GalleryPage.tsx')),
  },
  {
    name: 'compare',
    path: '/compare',
    icon: IconColumns3,
    page: loadedLater(() => import('../compare/ComparePage.tsx')),
  },
  { name: 'queue', path: '/queue', icon: IconListDetails, page: loadedLater(() => import('../queue/QueuePage.tsx')) },
  {
    name: 'exports',
    path: '/exports',
    icon: IconPackageExport,
    page: loadedLater(() => import('../exports/ExportsPage.tsx')),
  },
  { name: 'catalog', path: '/catalog', icon: IconTags, page: loadedLater(() => import('../catalog/CatalogPage.tsx')) },
  { name: 'models', path: '/models', icon: IconAffiliate, page: loadedLater(() => import('../models/ModelsPage.tsx')) },
  {
    name: 'trainings',
    path: '/trainings',
    icon: IconSchool,
    page: loadedLater(() => import('../trainings/TrainingsPage.tsx')),
  },
  {
    name: 'operations',
    path: '/operations',
    icon: IconCpu,
    page: loadedLater(() => import('../operations/OperationsPage.tsx')),
  },
] as const;
