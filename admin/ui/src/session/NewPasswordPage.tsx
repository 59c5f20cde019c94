/** A new password by the one-time link of a mail or of a colleague. */
import { Button, PasswordInput, Text } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { Link, useLocation } from 'react-router';
import { useWords } from '../i18n/useWords';
import { isTooShort, MIN_PASSWORD_LENGTH } from './checkFirstAdmin';
import { Door, Refusal } from './Door';
import { tokenOfLink, useNewPassword } from './useDoor';

export function NewPasswordPage() {
  const t = useWords('door');
  const token = tokenOfLink(useLocation().hash);
  const change = useNewPassword();
  const [short, setShort] = useState(false);
  if (change.isSuccess) {
    return (
      <Door title={t('password_set')}>
        <Text size="sm" mt="xs" c="dimmed" role="status">{t('password_set_lead')}</Text>
        <Button component={Link} to="/login" fullWidth size="md" mt="lg" data-testid="to-log-in">{t('to_log_in')}</Button>
      </Door>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get('password'));
    setShort(isTooShort(password));
    if (!isTooShort(password)) change.mutate({ token, password });
  };
  const hint = t('password_hint', { number: MIN_PASSWORD_LENGTH });
  return (
    <Door title={t('new_password')} lead={t('new_password_lead')}>
      <Refusal error={change.error} />
      <form method="post" onSubmit={submit}>
        <PasswordInput
          name="password" label={t('password_new')} description={hint} error={short ? hint : undefined} autoComplete="new-password" required withAsterisk={false}
          autoFocus mt="md" size="md" data-testid="new-password"
        />
        <Button type="submit" fullWidth size="md" mt="xl" loading={change.isPending} data-testid="set-password">{t('set_password')}</Button>
      </form>
    </Door>
  );
}
