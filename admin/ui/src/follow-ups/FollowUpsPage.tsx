/** All follow-ups: what goes out next, what went out, and why anything did not. */
import { Button, Select, Text } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { Link, useSearchParams } from 'react-router';
import type { FollowUpState } from '../api/types';
import type { Areas } from '../i18n/areas';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { SampleOffer } from '../samples/SampleOffer';
import { FollowUpItem } from './FollowUpItem';
import styles from './FollowUpsPage.module.css';
import { isFollowUpState, stateName } from './states';
import { useFollowUps } from './useFollowUps';

const GROUPS: { group: `group_${string}` & keyof Areas['follow_ups']; states: FollowUpState[] }[] = [
  { group: 'group_to_come', states: ['planned', 'deferred', 'sending'] },
  { group: 'group_went_out', states: ['accepted', 'delivered', 'read'] },
  { group: 'group_did_not', states: ['skipped', 'cancelled', 'undelivered', 'failed', 'unknown'] },
];

export function FollowUpsPage() {
  const t = useWords('follow_ups');
  const [search, setSearch] = useSearchParams();
  const wanted = search.get('state');
  const state = isFollowUpState(wanted) ? wanted : null;
  const choices = GROUPS.map(({ group, states }) => ({
    group: t(group),
    items: states.map((value) => ({ value, label: stateName(value) })),
  }));
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <Select
        className={styles.filter} aria-label={t('state')} placeholder={t('all_states')} data={choices} value={state} clearable
        withScrollArea={false} maxDropdownHeight={480} comboboxProps={{ withinPortal: false, shadow: 'md' }}
        clearButtonProps={{ 'aria-label': t('show_all_states') }} data-testid="follow-up-filter"
        onChange={(value) => setSearch(value ? { state: value } : {}, { replace: true, preventScrollReset: true })}
      />
      <FollowUpList state={state} />
    </>
  );
}

function FollowUpList({ state }: { state: FollowUpState | null }) {
  const t = useWords('follow_ups');
  const list = useFollowUps(state);
  if (list.isPending) return <Sheet><ListLoading what={t('list')} /></Sheet>;
  if (!list.data) {
    return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  }
  if (list.data.length === 0) return <Sheet><NoFollowUps isFiltered={state !== null} /></Sheet>;
  return (
    <div aria-busy={list.isPlaceholderData}>
      {list.isError && <Stale error={list.error} />}
      <Sheet>
        <ul className={styles.list} aria-label={t('title')}>
          {list.data.map((followUp) => <FollowUpItem key={followUp.id} followUp={followUp} />)}
        </ul>
      </Sheet>
      <LoadMore list={list} />
    </div>
  );
}

function NoFollowUps({ isFiltered }: { isFiltered: boolean }) {
  const t = useWords('follow_ups');
  const [, setSearch] = useSearchParams();
  if (isFiltered) {
    return (
      <Nothing icon={IconSend} title={t('none_in_state')}>
        <Button variant="default" mt="sm" onClick={() => setSearch({}, { replace: true })}>{t('show_all')}</Button>
      </Nothing>
    );
  }
  return (
    <Nothing icon={IconSend} title={t('none')}>
      <Text c="dimmed" size="sm" maw={420}>
        {t('none_hint')}
      </Text>
      <Button component={Link} to="/journeys" variant="default" mt="sm">{t('to_journeys')}</Button>
      <SampleOffer />
    </Nothing>
  );
}
