/** The log-in. Leads back to where the reader wanted to go. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useRef, type FormEvent } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { span } from '../look/time';
import { Door, Refusal } from './Door';
import { returnPath } from './returnPath';
import { useLogIn, useSession, useSetUpNeeded } from './useSession';

export function LogInPage() {
  const t = useWords('session');
  const [search] = useSearchParams();
  const session = useSession();
  const setUp = useSetUpNeeded(session.data === null);
  const logIn = useLogIn();
  const password = useRef<HTMLInputElement>(null);
  if (session.data) return <Navigate to={returnPath(search.get('next'))} replace />;
  if (setUp.data) return <Navigate to="/setup" replace />;

  // Read from the form, not from state: password managers fill fields without React noticing.
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const credentials = { email: String(form.get('email')).trim(), password: String(form.get('password')) };
    logIn.mutate(credentials, { onError: () => password.current?.select() });
  };

  return (
    <Door title={t('log_in')} lead={t('log_in_lead')}>
      <Refusal error={logIn.error} said={refusalInWords(t, logIn.error)} />
      <form method="post" onSubmit={submit}>
        <TextInput
          name="email" type="email" label={t('email')} autoComplete="username" required withAsterisk={false} autoFocus
          mt="md" size="md" data-testid="login-email"
        />
        <PasswordInput
          ref={password} name="password" label={t('password')} autoComplete="current-password" required withAsterisk={false}
          mt="md" size="md" data-testid="login-password"
        />
        <Button type="submit" fullWidth size="md" mt="xl" loading={logIn.isPending} data-testid="login-submit">
          {t('log_in')}
        </Button>
      </form>
    </Door>
  );
}

function refusalInWords(t: ReturnType<typeof useWords<'session'>>, error: Error | null): string | undefined {
  if (!(error instanceof APIError)) return undefined;
  if (error.status === 401) return t('not_together');
  if (error.status !== 429) return undefined;
  return error.retryAfterSeconds === null ? t('attempts_over') : t('attempts_wait', { span: span(error.retryAfterSeconds) });
}
