/** The log-in. Leads back to where the reader wanted to go. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useRef, useState, type FormEvent } from 'react';
import { Link, Navigate, useSearchParams } from 'react-router';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { span } from '../look/time';
import { Door, Refusal } from './Door';
import { hasPasskeys } from './passkeys';
import { returnPath } from './returnPath';
import { useLogIn, useLogInWithPasskey, useSession, useSetUpNeeded } from './useSession';
import { useDepart, useProvider } from './useSingleSignOn';

export function LogInPage() {
  const t = useWords('session');
  const [search] = useSearchParams();
  const session = useSession();
  const setUp = useSetUpNeeded(session.data === null);
  const logIn = useLogIn();
  const door = useWords('door');
  const password = useRef<HTMLInputElement>(null);
  const code = useRef<HTMLInputElement>(null);
  const [asksCode, setAsksCode] = useState(false);
  if (session.data) return <Navigate to={returnPath(search.get('next'))} replace />;
  if (setUp.data) return <Navigate to="/setup" replace />;

  // Read from the form, not from state: password managers fill fields without React noticing.
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const credentials = {
      email: String(form.get('email')).trim(),
      password: String(form.get('password')),
      code: asksCode ? String(form.get('code')).trim() : null,
    };
    logIn.mutate(credentials, {
      onError: (error) => {
        const isAboutCode = error instanceof APIError && SECOND_STEP.includes(error.code);
        setAsksCode(asksCode || isAboutCode);
        (isAboutCode ? code : password).current?.select();
      },
    });
  };

  return (
    <Door title={t('log_in')} lead={t('log_in_lead')}>
      <Refusal error={isCodeNeeded(logIn.error) ? null : logIn.error} said={isCodeWrong(logIn.error) ? door('code_wrong') : refusalInWords(t, logIn.error)} />
      <form method="post" onSubmit={submit}>
        <TextInput
          name="email" type="email" label={t('email')} autoComplete="username" required withAsterisk={false} autoFocus
          mt="md" size="md" data-testid="login-email"
        />
        <PasswordInput
          ref={password} name="password" label={t('password')} autoComplete="current-password" required withAsterisk={false}
          mt="md" size="md" data-testid="login-password"
        />
        {asksCode && (
          <TextInput
            ref={code} name="code" label={door('code')} description={door('code_hint')} autoComplete="one-time-code" autoFocus required withAsterisk={false}
            maxLength={40} mt="md" size="md" data-testid="login-code"
          />
        )}
        <Button type="submit" fullWidth size="md" mt="xl" loading={logIn.isPending} data-testid="login-submit">
          {t('log_in')}
        </Button>
      </form>
      <ProviderButton />
      <PasskeyButton />
      <Button component={Link} to="/forgotten" variant="subtle" fullWidth mt="sm" data-testid="forgotten">{door('forgotten_link')}</Button>
    </Door>
  );
}

/** The company's identity provider, where there is one. */
function ProviderButton() {
  const t = useWords('door');
  const { data: provider } = useProvider();
  const depart = useDepart();
  if (!provider) return null;
  return (
    <>
      <Button variant="default" fullWidth size="md" mt="sm" loading={depart.isPending || depart.isSuccess} onClick={() => depart.mutate()} data-testid="login-provider">{t('use_provider', { provider })}</Button>
      <Refusal error={depart.error} />
    </>
  );
}

/** Without a word when the reader turned the browser's own question down. */
function PasskeyButton() {
  const t = useWords('door');
  const logIn = useLogInWithPasskey();
  if (!hasPasskeys()) return null;
  return (
    <>
      <Button variant="default" fullWidth size="md" mt="sm" loading={logIn.isPending} onClick={() => logIn.mutate()} data-testid="login-passkey">{t('use_passkey')}</Button>
      <Refusal error={logIn.error instanceof APIError ? logIn.error : null} />
    </>
  );
}

const SECOND_STEP: readonly string[] = ['second_step_needed', 'second_step_failed'];

function isCodeNeeded(error: Error | null): boolean {
  return error instanceof APIError && error.code === 'second_step_needed';
}

function isCodeWrong(error: Error | null): boolean {
  return error instanceof APIError && error.code === 'second_step_failed';
}

function refusalInWords(t: ReturnType<typeof useWords<'session'>>, error: Error | null): string | undefined {
  if (!(error instanceof APIError)) return undefined;
  if (error.status === 401) return t('not_together');
  if (error.status !== 429) return undefined;
  return error.retryAfterSeconds === null ? t('attempts_over') : t('attempts_wait', { span: span(error.retryAfterSeconds) });
}
