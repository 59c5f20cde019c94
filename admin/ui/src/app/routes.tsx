/** Every address of the admin pages: those of the door, and behind the log-in all of `pages`. */
import { createBrowserRouter } from 'react-router';
import { LogInPage } from '../session/LogInPage';
import { RequireSession } from '../session/RequireSession';
import { SetUpPage } from '../session/SetUpPage';
import { Broken } from './Broken';
import { FirstPage } from './FirstPage';
import { NotFoundPage } from './NotFoundPage';
import { PAGES } from './pages';
import { Shell } from './Shell';

export const router = createBrowserRouter(
  [
    {
      ErrorBoundary: Broken,
      children: [
        { path: '/login', Component: LogInPage },
        { path: '/setup', Component: SetUpPage },
        // Of people who cannot log in yet, or not any more.
        { path: '/invitation', lazy: async () => ({ Component: (await import('../session/InvitationPage')).InvitationPage }), HydrateFallback: () => null },
        { path: '/new-password', lazy: async () => ({ Component: (await import('../session/NewPasswordPage')).NewPasswordPage }), HydrateFallback: () => null },
        { path: '/single-sign-on', lazy: async () => ({ Component: (await import('../session/SingleSignOnPage')).SingleSignOnPage }), HydrateFallback: () => null },
        { path: '/forgotten', lazy: async () => ({ Component: (await import('../session/ForgottenPage')).ForgottenPage }), HydrateFallback: () => null },
        { path: '/digest-off', lazy: async () => ({ Component: (await import('../digest/DigestOffPage')).DigestOffPage }), HydrateFallback: () => null },
        {
          Component: RequireSession,
          children: [
            {
              Component: Shell,
              HydrateFallback: () => null,
              children: [
                { index: true, Component: FirstPage },
                ...PAGES,
                { path: '*', Component: NotFoundPage },
              ],
            },
          ],
        },
      ],
    },
  ],
  { basename: import.meta.env.BASE_URL },
);
