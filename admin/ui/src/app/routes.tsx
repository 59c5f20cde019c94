/** Every address of the admin pages. */
import { createBrowserRouter, Navigate } from 'react-router';
import { FollowUpsPage } from '../follow-ups/FollowUpsPage';
import { LeadPage } from '../leads/LeadPage';
import { LeadsPage } from '../leads/LeadsPage';
import { LogInPage } from '../session/LogInPage';
import { RequireSession } from '../session/RequireSession';
import { SetUpPage } from '../session/SetUpPage';
import { Broken } from './Broken';
import { NotFoundPage } from './NotFoundPage';
import { Shell } from './Shell';

export const router = createBrowserRouter(
  [
    {
      ErrorBoundary: Broken,
      children: [
        { path: '/login', Component: LogInPage },
        { path: '/setup', Component: SetUpPage },
        {
          Component: RequireSession,
          children: [
            {
              Component: Shell,
              children: [
                { index: true, element: <Navigate to="/leads" replace /> },
                { path: '/leads', Component: LeadsPage },
                { path: '/leads/:leadId', Component: LeadPage },
                { path: '/follow-ups', Component: FollowUpsPage },
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
