/** Whether everybody must log in by two steps. */
import { Switch, Text } from '@mantine/core';
import { APIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import { useMay } from '../session/useMay';
import { Said } from './Said';
import { useChangeSignInRules, useSignInRules, useUsers } from './useTeam';

export function SignInRules() {
  const t = useWords('access');
  const may = useMay();
  const rules = useSignInRules();
  const change = useChangeSignInRules(rules.data?.version ?? 0);
  const users = useUsers();
  if (rules.isPending) return <Panel title={t('sign_in_rules')}><ListLoading what={t('sign_in_rules')} /></Panel>;
  if (!rules.data) return <Panel title={t('sign_in_rules')}><Failure error={rules.error} onRetry={() => void rules.refetch()} isRetrying={rules.isFetching} /></Panel>;
  const without = (users.data ?? []).filter((user) => user.is_active && !user.has_second_step).length;
  const isOwnFirst = change.error instanceof APIError && change.error.code === 'own_step_first';
  return (
    <Panel title={t('sign_in_rules')}>
      <Switch
        label={t('step_for_all')} description={t('step_for_all_hint')} checked={rules.data.second_step_for_all} disabled={!may('users.write') || change.isPending}
        error={isOwnFirst ? t('own_step_first') : undefined} onChange={(event) => change.mutate(event.currentTarget.checked)} data-testid="step-for-all"
      />
      <Text c="dimmed" size="sm" mt="sm">{t('without_step', { count: without })}</Text>
      <Said error={isOwnFirst ? null : change.error} done={change.isSuccess ? t('saved') : null} />
    </Panel>
  );
}
