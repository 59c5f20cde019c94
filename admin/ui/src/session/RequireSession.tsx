/** Lets only logged-in readers through; all others go to the log-in and come back afterwards. */
import { Center, Loader } from '@mantine/core';
import { Navigate, Outlet, useLocation } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Failure } from '../look/Notices';
import { logInPath } from './returnPath';
import { useSession } from './useSession';

export function RequireSession() {
  const t = useWords('shell');
  const session = useSession();
  const { pathname, search, hash } = useLocation();
  if (session.isPending) {
    return (
      <Center h="100dvh" role="status" aria-label={t('loading')}>
        <Loader color="gray" type="dots" />
      </Center>
    );
  }
  if (session.data) return <Outlet />;
  if (session.data === null) return <Navigate to={logInPath(pathname + search + hash)} replace />;
  return (
    <main>
      <Failure error={session.error} onRetry={() => void session.refetch()} isRetrying={session.isFetching} />
    </main>
  );
}
