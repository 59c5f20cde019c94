/** All follow-ups: what goes out next, what went out, and why anything did not. */
import { Button, Select, Text } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useSearchParams } from 'react-router';
import type { FollowUpState } from '../api/types';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { FollowUpItem } from './FollowUpItem';
import styles from './FollowUpsPage.module.css';
import { isFollowUpState, STATES } from './states';
import { useFollowUps } from './useFollowUps';

const GROUPS: { group: string; states: FollowUpState[] }[] = [
  { group: 'To come', states: ['planned', 'deferred', 'sending'] },
  { group: 'Went out', states: ['accepted', 'delivered'] },
  { group: 'Did not go out', states: ['skipped', 'cancelled', 'failed', 'unknown'] },
];

const CHOICES = GROUPS.map(({ group, states }) => ({
  group,
  items: states.map((value) => ({ value, label: STATES[value].name })),
}));

export function FollowUpsPage() {
  const [search, setSearch] = useSearchParams();
  const wanted = search.get('state');
  const state = isFollowUpState(wanted) ? wanted : null;
  return (
    <>
      <PageHeading title="Follow-ups">What goes out next, what went out, and why anything did not.</PageHeading>
      <Select
        className={styles.filter} aria-label="State" placeholder="All states" data={CHOICES} value={state} clearable
        withScrollArea={false} maxDropdownHeight={480} comboboxProps={{ withinPortal: false, shadow: 'md' }}
        clearButtonProps={{ 'aria-label': 'Show all states' }} data-testid="follow-up-filter"
        onChange={(value) => setSearch(value ? { state: value } : {}, { replace: true, preventScrollReset: true })}
      />
      <FollowUpList state={state} />
    </>
  );
}

function FollowUpList({ state }: { state: FollowUpState | null }) {
  const list = useFollowUps(state);
  if (list.isPending) return <Sheet><ListLoading what="follow-ups" /></Sheet>;
  if (!list.data) {
    return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  }
  if (list.data.length === 0) return <Sheet><NoFollowUps isFiltered={state !== null} /></Sheet>;
  return (
    <div aria-busy={list.isPlaceholderData}>
      {list.isError && <Stale error={list.error} />}
      <Sheet>
        <ul className={styles.list} aria-label="Follow-ups">
          {list.data.map((followUp) => <FollowUpItem key={followUp.id} followUp={followUp} />)}
        </ul>
      </Sheet>
      <LoadMore list={list} />
    </div>
  );
}

function NoFollowUps({ isFiltered }: { isFiltered: boolean }) {
  const [, setSearch] = useSearchParams();
  if (isFiltered) {
    return (
      <Nothing icon={IconSend} title="None in this state">
        <Button variant="default" mt="sm" onClick={() => setSearch({}, { replace: true })}>Show all</Button>
      </Nothing>
    );
  }
  return (
    <Nothing icon={IconSend} title="No follow-ups yet">
      <Text c="dimmed" size="sm" maw={420}>
        When a chat ends with a lead who agreed to hear from you, the journey plans the next message and it shows up here.
      </Text>
    </Nothing>
  );
}
