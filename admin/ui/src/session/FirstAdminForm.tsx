/** The fields of the first admin, checked here for a quick answer and by the server for a true one. */
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { checkFirstAdmin, MIN_PASSWORD_LENGTH } from './checkFirstAdmin';
import { Refusal } from './Door';
import type { FirstAdmin } from './useSession';

interface Props {
  token: string;
  error: Error | null;
  isSending: boolean;
  onSend: (admin: FirstAdmin) => void;
}

export function FirstAdminForm({ token, error, isSending, onSend }: Props) {
  const t = useWords('session');
  const [checked, setChecked] = useState<ReturnType<typeof checkFirstAdmin>>({});
  const isTokenRefused = error instanceof APIError && error.status === 403;
  const refused: Partial<Record<string, string>> = error instanceof APIError ? error.fields : {};
  const said = isTokenRefused ? t('token_refused') : undefined;
  const problem = (field: keyof FirstAdmin) => {
    const wrong = checked[field];
    return wrong ? t(wrong, { number: MIN_PASSWORD_LENGTH }) : refused[field];
  };
  const hasFieldProblem = Object.keys(refused).length > 0;

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const admin = readAdmin(new FormData(form), token);
    const errors = checkFirstAdmin(admin);
    setChecked(errors);
    const firstWrong = Object.keys(errors)[0];
    if (!firstWrong) return onSend(admin);
    (form.elements.namedItem(firstWrong) as HTMLElement | null)?.focus();
  };

  return (
    <form method="post" noValidate onSubmit={submit}>
      <Refusal error={hasFieldProblem ? null : error} said={said} />
      {(!token || isTokenRefused) && (
        <TextInput
          name="token" label={t('token')} description={t('token_hint')}
          autoComplete="off" spellCheck={false} defaultValue={token} error={problem('token')} mt="md" size="md" data-testid="setup-token"
        />
      )}
      <TextInput name="name" label={t('your_name')} autoComplete="name" error={problem('name')} mt="md" size="md" data-testid="setup-name" />
      <TextInput
        name="email" type="email" label={t('email')} autoComplete="username" error={problem('email')} mt="md" size="md" data-testid="setup-email"
      />
      <PasswordInput
        name="password" label={t('password')} description={t('password_hint', { number: MIN_PASSWORD_LENGTH })}
        autoComplete="new-password" minLength={MIN_PASSWORD_LENGTH} error={problem('password')} mt="md" size="md" data-testid="setup-password"
      />
      <Button type="submit" fullWidth size="md" mt="xl" loading={isSending} data-testid="setup-submit">
        {t('create')}
      </Button>
    </form>
  );
}

function readAdmin(form: FormData, token: string): FirstAdmin {
  const read = (name: string) => String(form.get(name) ?? '');
  return {
    token: form.has('token') ? read('token').trim() : token,
    name: read('name').trim(),
    email: read('email').trim(),
    password: read('password'),
  };
}
