/** Says that two became one, and takes it back while it is fresh in mind. */
import { Alert, Button, Group } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { useUnmerge } from './useMerges';

export function JustMerged({ mergeId }: { mergeId: string }) {
  const t = useWords('merges');
  const undo = useUnmerge();
  if (undo.isSuccess) return <Alert bg="var(--plain-soft)" mb="md" role="status" data-testid="just-unmerged">{t('two_again')}</Alert>;
  return (
    <Alert bg="var(--good-soft)" icon={<IconCheck size={18} color="var(--good)" aria-hidden />} mb="md" role="status" data-testid="just-merged">
      <Group justify="space-between" gap="sm">
        <span>{undo.isError ? asAPIError(undo.error).message : t('one_now')}</span>
        <Button variant="default" size="compact-sm" loading={undo.isPending} onClick={() => undo.mutate(mergeId)} data-testid="unmerge-now">{t('undo')}</Button>
      </Group>
    </Alert>
  );
}
