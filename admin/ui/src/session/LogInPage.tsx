/** The log-in. Leads back to where the reader wanted to go. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useRef, type FormEvent } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { APIError } from '../api/problem';
import { Door, Refusal } from './Door';
import { returnPath } from './returnPath';
import { useLogIn, useSession, useSetUpNeeded } from './useSession';

export function LogInPage() {
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
    <Door title="Log in" lead="Your leads, and what happens next with each.">
      <Refusal error={logIn.error} said={refusalInWords(logIn.error)} />
      <form method="post" onSubmit={submit}>
        <TextInput
          name="email" type="email" label="E-mail" autoComplete="username" required withAsterisk={false} autoFocus
          mt="md" size="md" data-testid="login-email"
        />
        <PasswordInput
          ref={password} name="password" label="Password" autoComplete="current-password" required withAsterisk={false}
          mt="md" size="md" data-testid="login-password"
        />
        <Button type="submit" fullWidth size="md" mt="xl" loading={logIn.isPending} data-testid="login-submit">
          Log in
        </Button>
      </form>
    </Door>
  );
}

function refusalInWords(error: Error | null): string | undefined {
  if (!(error instanceof APIError)) return undefined;
  if (error.status === 401) return 'This e-mail and password do not belong together. Check both and try again.';
  if (error.status !== 429) return undefined;
  const wait = error.retryAfterSeconds;
  if (wait === null) return 'Too many attempts. Wait a little, then try again.';
  const span = wait < 90 ? `${wait} seconds` : `${Math.ceil(wait / 60)} minutes`;
  return `Too many attempts. Try again in ${span}.`;
}
