/** The addresses of the account, team, roles, tokens and audit log; and of the pages before the log-in that belong to them. */
import type { RouteObject } from 'react-router';

export const ACCESS_ROUTES: RouteObject[] = [
  { path: '/settings/account', lazy: async () => ({ Component: (await import('../access/AccountPage')).AccountPage }) },
  { path: '/settings/team', lazy: async () => ({ Component: (await import('../access/TeamPage')).TeamPage }) },
  { path: '/settings/roles', lazy: async () => ({ Component: (await import('../access/RolesPage')).RolesPage }) },
  { path: '/settings/tokens', lazy: async () => ({ Component: (await import('../access/TokensPage')).TokensPage }) },
  { path: '/settings/audit', lazy: async () => ({ Component: (await import('../access/AuditPage')).AuditPage }) },
];

/** Pages of people who cannot log in yet, or not any more. */
export const DOOR_ROUTES: RouteObject[] = [
  { path: '/invitation', lazy: async () => ({ Component: (await import('../session/InvitationPage')).InvitationPage }), HydrateFallback: () => null },
  { path: '/new-password', lazy: async () => ({ Component: (await import('../session/NewPasswordPage')).NewPasswordPage }), HydrateFallback: () => null },
  { path: '/single-sign-on', lazy: async () => ({ Component: (await import('../session/SingleSignOnPage')).SingleSignOnPage }), HydrateFallback: () => null },
  { path: '/forgotten', lazy: async () => ({ Component: (await import('../session/ForgottenPage')).ForgottenPage }), HydrateFallback: () => null },
];
