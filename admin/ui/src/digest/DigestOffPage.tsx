/** Turns the weekly digest off by the link in it. It asks once more: programs that look at mails follow links. */
import { Button, Text } from '@mantine/core';
import { Link, useLocation } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Door, Refusal } from '../session/Door';
import { tokenOfLink } from '../session/useDoor';
import { useTurnOff } from './useDigest';

export function DigestOffPage() {
  const t = useWords('digest');
  const token = tokenOfLink(useLocation().hash);
  const off = useTurnOff();
  if (off.isSuccess) {
    return (
      <Door title={t('off_done')}>
        <Text size="sm" mt="xs" c="dimmed" role="status" data-testid="digest-is-off">{t('off_done_lead')}</Text>
        <Button component={Link} to="/settings/account" variant="default" fullWidth size="md" mt="lg">{t('to_account')}</Button>
      </Door>
    );
  }
  return (
    <Door title={t('off')} lead={t('off_lead')}>
      <Refusal error={off.error} />
      <Button fullWidth size="md" mt="lg" loading={off.isPending} onClick={() => off.mutate(token)} data-testid="digest-off">{t('turn_off')}</Button>
    </Door>
  );
}
