/** The addresses of what is known of people and companies, and of what the bot knows. */
import type { RouteObject } from 'react-router';

export const CONTACT_ROUTES: RouteObject[] = [
  { path: '/segments', lazy: async () => ({ Component: (await import('../segments/SegmentsPage')).SegmentsPage }) },
  { path: '/segments/:segmentId', lazy: async () => ({ Component: (await import('../segments/SegmentPage')).SegmentPage }) },
  { path: '/imports', lazy: async () => ({ Component: (await import('../imports/ImportsPage')).ImportsPage }) },
  { path: '/imports/new', lazy: async () => ({ Component: (await import('../imports/NewImportPage')).NewImportPage }) },
  { path: '/imports/:importId', lazy: async () => ({ Component: (await import('../imports/ImportPage')).ImportPage }) },
  { path: '/merges', lazy: async () => ({ Component: (await import('../merges/MergesPage')).MergesPage }) },
  { path: '/privacy', lazy: async () => ({ Component: (await import('../consent-desk/PrivacyPage')).PrivacyPage }) },
];
