/** Makes the first admin, with the one-time token of the link that the server printed. */
import { Button, Center, Loader, Text } from '@mantine/core';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { APIError } from '../api/problem';
import { Failure } from '../look/Notices';
import { Door } from './Door';
import { FirstAdminForm } from './FirstAdminForm';
import { useSetUp, useSetUpNeeded } from './useSession';

export function SetUpPage() {
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const state = useSetUpNeeded(true);
  const setUp = useSetUp();
  const isTooLate = setUp.error instanceof APIError && setUp.error.status === 409;

  if (state.isPending) {
    return <Center h="100dvh" role="status" aria-label="Loading"><Loader color="gray" type="dots" /></Center>;
  }
  if (state.data === undefined) {
    return <main><Failure error={state.error} onRetry={() => void state.refetch()} isRetrying={state.isFetching} /></main>;
  }
  // After our own success `state` says "done" too: the way to the leads must win.
  if (isTooLate || (!state.data && setUp.isIdle)) return <AlreadyDone />;
  return (
    <Door title="Welcome to Parley" lead="Make the first account. It can do everything; you can add colleagues later.">
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
  return (
    <Door title="Already set up">
      <Text size="sm" mt="xs" c="dimmed">
        This Parley has its first account. Ask a colleague who has one, or log in with yours.
      </Text>
      <Button component={Link} to="/login" fullWidth size="md" mt="lg" data-testid="setup-log-in">
        Go to the log-in
      </Button>
    </Door>
  );
}
