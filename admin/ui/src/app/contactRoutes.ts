/** The addresses of what is known of people and companies, of what the bot knows, and of what came of it all. */
import type { RouteObject } from 'react-router';

export const CONTACT_ROUTES: RouteObject[] = [
  { path: '/segments', lazy: async () => ({ Component: (await import('../segments/SegmentsPage')).SegmentsPage }) },
  { path: '/segments/:segmentId', lazy: async () => ({ Component: (await import('../segments/SegmentPage')).SegmentPage }) },
  { path: '/imports', lazy: async () => ({ Component: (await import('../imports/ImportsPage')).ImportsPage }) },
  { path: '/imports/new', lazy: async () => ({ Component: (await import('../imports/NewImportPage')).NewImportPage }) },
  { path: '/imports/:importId', lazy: async () => ({ Component: (await import('../imports/ImportPage')).ImportPage }) },
  { path: '/merges', lazy: async () => ({ Component: (await import('../merges/MergesPage')).MergesPage }) },
  { path: '/companies', lazy: async () => ({ Component: (await import('../companies/CompaniesPage')).CompaniesPage }) },
  { path: '/companies/:companyId', lazy: async () => ({ Component: (await import('../companies/CompanyPage')).CompanyPage }) },
  { path: '/tasks', lazy: async () => ({ Component: (await import('../tasks/TasksPage')).TasksPage }) },
  { path: '/scores', lazy: async () => ({ Component: (await import('../scores/ScoresPage')).ScoresPage }) },
  { path: '/numbers', lazy: async () => ({ Component: (await import('../numbers/NumbersPage')).NumbersPage }) },
  { path: '/knowledge', lazy: async () => ({ Component: (await import('../knowledge/KnowledgePage')).KnowledgePage }) },
  { path: '/knowledge/proposals/:proposalId', lazy: async () => ({ Component: (await import('../knowledge/ProposalPage')).ProposalPage }) },
  { path: '/settings', lazy: async () => ({ Component: (await import('../settings/SettingsPage')).SettingsPage }) },
  { path: '/settings/channels', lazy: async () => ({ Component: (await import('../channels/ChannelsPage')).ChannelsPage }) },
  { path: '/settings/fields', lazy: async () => ({ Component: (await import('../settings/ContactFieldsPage')).ContactFieldsPage }) },
  { path: '/privacy', lazy: async () => ({ Component: (await import('../consent-desk/PrivacyPage')).PrivacyPage }) },
];
