/** Where the identity provider sends people back to: logs them in, or says why not. */
import { Button, Center, Loader } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Door, Refusal } from './Door';
import { useArrive } from './useSingleSignOn';

export function SingleSignOnPage() {
  const t = useWords('door');
  const [search] = useSearchParams();
  const navigate = useNavigate();
  const { mutate, isError, error } = useArrive();
  const code = search.get('code');
  const state = search.get('state');
  // A code works once, also where React runs effects twice.
  const isSent = useRef(false);
  useEffect(() => {
    if (isSent.current || !code || !state) return;
    isSent.current = true;
    mutate({ code, state }, { onSuccess: () => void navigate('/', { replace: true }) });
  }, [code, state, mutate, navigate]);
  const isRefused = isError || !code || !state;
  if (!isRefused) return <Center h="100dvh" role="status" aria-label={t('logging_in')}><Loader color="gray" type="dots" /></Center>;
  return (
    <Door title={t('not_logged_in')} {...(error ? {} : { lead: t('not_logged_in_lead') })}>
      <Refusal error={error} />
      <Button component={Link} to="/login" fullWidth size="md" mt="lg" data-testid="to-log-in">{t('to_log_in')}</Button>
    </Door>
  );
}
