/** Lets only logged-in readers through; all others go to the log-in and come back afterwards. A second step that is owed comes first. */
import { Center, Loader } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Failure } from '../look/Notices';
import { logInPath } from './returnPath';
import { useSession } from './useSession';

const SecondStepOwedPage = lazy(async () => ({ default: (await import('../access/SecondStepOwedPage')).SecondStepOwedPage }));

export function RequireSession() {
  const t = useWords('shell');
  const session = useSession();
  const { pathname, search, hash } = useLocation();
  // Stays until the reader has kept the recovery codes, though the server is content as soon as the app is set up.
  const [isSettingUp, setSettingUp] = useState(false);
  if (session.data?.owes_second_step && !isSettingUp) setSettingUp(true);
  if (session.isPending) {
    return (
      <Center h="100dvh" role="status" aria-label={t('loading')}>
        <Loader color="gray" type="dots" />
      </Center>
    );
  }
  if (session.data && isSettingUp) {
    const goOn = () => void session.refetch().then(() => setSettingUp(false));
    return <Suspense><SecondStepOwedPage onDone={goOn} /></Suspense>;
  }
  if (session.data) return <Outlet />;
  if (session.data === null) return <Navigate to={logInPath(pathname + search + hash)} replace />;
  return (
    <main>
      <Failure error={session.error} onRetry={() => void session.refetch()} isRetrying={session.isFetching} />
    </main>
  );
}
