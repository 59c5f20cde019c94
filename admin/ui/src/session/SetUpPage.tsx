/** Makes the first admin, with the one-time token of the link that the server printed. */
import { Button, Center, Loader, Text } from '@mantine/core';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Failure } from '../look/Notices';
import { Door } from './Door';
import { FirstAdminForm } from './FirstAdminForm';
import { useSetUp, useSetUpNeeded } from './useSession';

export function SetUpPage() {
  const t = useWords('session');
  const waiting = useWords('shell')('loading');
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const state = useSetUpNeeded(true);
  const setUp = useSetUp();
  const isTooLate = setUp.error instanceof APIError && setUp.error.status === 409;

  if (state.isPending) {
    return <Center h="100dvh" role="status" aria-label={waiting}><Loader color="gray" type="dots" /></Center>;
  }
  if (state.data === undefined) {
    return <main><Failure error={state.error} onRetry={() => void state.refetch()} isRetrying={state.isFetching} /></main>;
  }
  // After our own success `state` says "done" too: the way to the leads must win.
  if (isTooLate || (!state.data && setUp.isIdle)) return <AlreadyDone />;
  return (
    <Door title={t('welcome')} lead={t('welcome_lead')}>
      <FirstAdminForm
        token={search.get('token') ?? ''}
        error={setUp.error}
        isSending={setUp.isPending || setUp.isSuccess}
        onSend={(admin) => setUp.mutate(admin, { onSuccess: () => void navigate('/leads', { replace: true }) })}
      />
    </Door>
  );
}

function AlreadyDone() {
  const t = useWords('session');
  return (
    <Door title={t('already')}>
      <Text size="sm" mt="xs" c="dimmed">
        {t('already_lead')}
      </Text>
      <Button component={Link} to="/login" fullWidth size="md" mt="lg" data-testid="setup-log-in">
        {t('to_log_in')}
      </Button>
    </Door>
  );
}
