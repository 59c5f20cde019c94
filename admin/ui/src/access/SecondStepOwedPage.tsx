/** What stands before every page while a second step is demanded here and the reader has none yet. */
import { Button, Text } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { Door } from '../session/Door';
import { useLogOut } from '../session/useSession';
import { SetUpSecondStep } from './SecondStep';

export function SecondStepOwedPage({ onDone }: { onDone: () => void }) {
  const t = useWords('access');
  const logOut = useLogOut();
  return (
    <Door title={t('step_owed')} lead={t('step_owed_lead')}>
      <Text size="sm" mt="md" mb="md">{t('step_off_lead')}</Text>
      <SetUpSecondStep onDone={onDone} />
      <Button variant="subtle" fullWidth mt="md" loading={logOut.isPending} onClick={() => logOut.mutate()} data-testid="step-later">{t('step_later')}</Button>
    </Door>
  );
}
