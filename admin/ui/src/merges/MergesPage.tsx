/** Contacts that may be one person, to be decided; and those that became one, to be undone. */
import { Button, Tabs, Text } from '@mantine/core';
import { IconUsers, IconUsersGroup } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { SampleOffer } from '../samples/SampleOffer';
import { CandidateCard } from './CandidateCard';
import { JustMerged } from './JustMerged';
import { MergeItem } from './MergeItem';
import styles from './Merges.module.css';
import { useCandidates, useMerges } from './useMerges';

export function MergesPage() {
  const t = useWords('merges');
  const [search, setSearch] = useSearchParams();
  const tab = search.get('show') === 'done' ? 'done' : 'open';
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <Tabs value={tab} onChange={(next) => setSearch(next === 'done' ? { show: 'done' } : {}, { replace: true })} keepMounted={false}>
        <Tabs.List mb="md" aria-label={t('title')}>
          <Tabs.Tab value="open" data-testid="merges-open">{t('to_decide')}</Tabs.Tab>
          <Tabs.Tab value="done" data-testid="merges-done">{t('merged')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="open"><Candidates /></Tabs.Panel>
        <Tabs.Panel value="done"><Merges /></Tabs.Panel>
      </Tabs>
    </>
  );
}

function Candidates() {
  const t = useWords('merges');
  const list = useCandidates();
  const [mergeId, setMergeId] = useState<string | null>(null);
  if (list.isPending) return <Sheet><ListLoading what={t('title')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      {mergeId && <JustMerged key={mergeId} mergeId={mergeId} />}
      {list.data.length === 0 && (
        <Sheet><Nothing icon={IconUsersGroup} title={t('none')}><Text c="dimmed" size="sm" maw={440}>{t('none_hint')}</Text><Button component={Link} to="/imports/new" variant="default" mt="sm">{t('to_imports')}</Button><SampleOffer /></Nothing></Sheet>
      )}
      <ul className={styles.cards} aria-label={t('to_decide')}>
        {list.data.map((one, at) => <CandidateCard key={one.id} candidate={one} isFirst={at === 0} onMerged={setMergeId} />)}
      </ul>
      <LoadMore list={list} />
    </>
  );
}

function Merges() {
  const t = useWords('merges');
  const list = useMerges();
  if (list.isPending) return <Sheet><ListLoading what={t('merged')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return <Sheet><Nothing icon={IconUsers} title={t('none_merged')}><Text c="dimmed" size="sm" maw={440}>{t('none_merged_hint')}</Text></Nothing></Sheet>;
  }
  return (
    <>
      <Sheet><ul className={styles.list} aria-label={t('merged')}>{list.data.map((one) => <MergeItem key={one.id} merge={one} />)}</ul></Sheet>
      <LoadMore list={list} />
    </>
  );
}
