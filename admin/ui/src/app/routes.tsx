/** Every address of the admin pages. What stands behind the log-in is loaded when it is first gone to. */
import { createBrowserRouter } from 'react-router';
import { LogInPage } from '../session/LogInPage';
import { RequireSession } from '../session/RequireSession';
import { SetUpPage } from '../session/SetUpPage';
import { ACCESS_ROUTES, DOOR_ROUTES } from './accessRoutes';
import { Broken } from './Broken';
import { CONTACT_ROUTES } from './contactRoutes';
import { FirstPage } from './FirstPage';
import { NotFoundPage } from './NotFoundPage';
import { Shell } from './Shell';

export const router = createBrowserRouter(
  [
    {
      ErrorBoundary: Broken,
      children: [
        { path: '/login', Component: LogInPage },
        { path: '/setup', Component: SetUpPage },
        ...DOOR_ROUTES,
        {
          Component: RequireSession,
          children: [
            {
              Component: Shell,
              HydrateFallback: () => null,
              children: [
                { index: true, Component: FirstPage },
                { path: '/leads', lazy: async () => ({ Component: (await import('../leads/LeadsPage')).LeadsPage }) },
                { path: '/leads/:leadId', lazy: async () => ({ Component: (await import('../leads/LeadPage')).LeadPage }) },
                ...CONTACT_ROUTES,
                ...ACCESS_ROUTES,
                {
                  path: '/follow-ups',
                  lazy: async () => ({ Component: (await import('../follow-ups/FollowUpsPage')).FollowUpsPage }),
                },
                { path: '/inbox', lazy: async () => ({ Component: (await import('../inbox/InboxPage')).InboxPage }) },
                { path: '/inbox/settings', lazy: async () => ({ Component: (await import('../inbox/InboxSettingsPage')).InboxSettingsPage }) },
                { path: '/inbox/:talkId', lazy: async () => ({ Component: (await import('../inbox/InboxPage')).InboxPage }) },
                { path: '/flows', lazy: async () => ({ Component: (await import('../flow-editor/FlowsPage')).FlowsPage }) },
                { path: '/flows/:name', lazy: async () => ({ Component: (await import('../flow-editor/FlowEditorPage')).FlowEditorPage }) },
                { path: '/journeys', lazy: async () => ({ Component: (await import('../flow-editor/JourneysPage')).JourneysPage }) },
                { path: '/journeys/:name', lazy: async () => ({ Component: (await import('../flow-editor/JourneyEditorPage')).JourneyEditorPage }) },
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
