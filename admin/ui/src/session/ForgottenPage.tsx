/** Asks for a link to a new password by mail. Says the same to everybody. */
import { Button, Text, TextInput } from '@mantine/core';
import type { FormEvent } from 'react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Door, Refusal } from './Door';
import { useAskForReset } from './useDoor';

export function ForgottenPage() {
  const t = useWords('door');
  const ask = useAskForReset();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    ask.mutate(String(new FormData(event.currentTarget).get('email')).trim());
  };
  return (
    <Door title={t('forgotten')} lead={t('forgotten_lead')}>
      <Refusal error={ask.error} />
      {ask.isSuccess ? (
        <Text size="sm" mt="md" role="status">{t('mail_on_its_way')}</Text>
      ) : (
        <form method="post" onSubmit={submit}>
          <TextInput name="email" type="email" label={t('email')} autoComplete="username" required withAsterisk={false} autoFocus mt="md" size="md" data-testid="forgotten-email" />
          <Button type="submit" fullWidth size="md" mt="xl" loading={ask.isPending} data-testid="forgotten-send">{t('send_link')}</Button>
        </form>
      )}
      <Button component={Link} to="/login" variant="subtle" fullWidth mt="sm">{t('to_log_in')}</Button>
    </Door>
  );
}
