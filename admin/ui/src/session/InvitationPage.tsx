/** Whoever was invited chooses a name and a password here, and is logged in. */
import { Button, Center, Loader, PasswordInput, Text, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import { useWords } from '../i18n/useWords';
import { isTooShort, MIN_PASSWORD_LENGTH } from './checkFirstAdmin';
import { Door, Refusal } from './Door';
import { tokenOfLink, useAccept, useInvited } from './useDoor';

export function InvitationPage() {
  const t = useWords('door');
  const token = tokenOfLink(useLocation().hash);
  const navigate = useNavigate();
  const invited = useInvited(token);
  const accept = useAccept();
  const [short, setShort] = useState(false);
  if (invited.isPending) return <Center h="100dvh" role="status" aria-label={t('looking')}><Loader color="gray" type="dots" /></Center>;
  if (!invited.data) {
    return (
      <Door title={t('invitation_over')}>
        <Text size="sm" mt="xs" c="dimmed">{t('invitation_over_lead')}</Text>
        <Button component={Link} to="/login" fullWidth size="md" mt="lg">{t('to_log_in')}</Button>
      </Door>
    );
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const password = String(form.get('password'));
    setShort(isTooShort(password));
    if (isTooShort(password)) return;
    accept.mutate({ token, name: String(form.get('name')).trim(), password }, { onSuccess: () => void navigate('/', { replace: true }) });
  };
  const hint = t('password_hint', { number: MIN_PASSWORD_LENGTH });
  return (
    <Door title={t('invitation')} lead={t('invitation_lead')}>
      <Refusal error={accept.error} />
      <form method="post" onSubmit={submit}>
        <TextInput name="email" label={t('email')} value={invited.data.email} readOnly autoComplete="username" mt="md" size="md" />
        <TextInput name="name" label={t('your_name')} defaultValue={invited.data.name} autoComplete="name" required withAsterisk={false} mt="md" size="md" data-testid="accept-name" />
        <PasswordInput
          name="password" label={t('password_new')} description={hint} error={short ? hint : undefined} autoComplete="new-password" required withAsterisk={false}
          autoFocus mt="md" size="md" data-testid="accept-password"
        />
        <Button type="submit" fullWidth size="md" mt="xl" loading={accept.isPending} data-testid="accept">{t('begin')}</Button>
      </form>
    </Door>
  );
}
