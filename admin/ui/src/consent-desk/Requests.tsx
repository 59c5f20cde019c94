/** The requests people made of their rights, the latest first, and the way to take one in. */
import { Button, Text } from '@mantine/core';
import { IconPlus, IconShieldCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Failure, Nothing, Stale } from '../look/Notices';
import { Sheet } from '../look/Panel';
import { SampleOffer } from '../samples/SampleOffer';
import { useMay } from '../session/useMay';
import styles from './Desk.module.css';
import { NewRequestForm } from './NewRequestForm';
import { RequestItem } from './RequestItem';
import { STATUSES, type Status } from './types';
import { useRequests } from './usePrivacyRequests';

export function Requests() {
  const t = useWords('privacy');
  const [search, setSearch] = useSearchParams();
  const status = STATUSES.find((one) => one === search.get('status')) ?? null;
  const [isTaking, setTaking] = useState(false);
  const may = useMay();
  const choose = (said: Status | 'all') => setSearch(said === 'all' ? {} : { status: said }, { replace: true });
  return (
    <>
      <div className={styles.tools}>
        <Choose
          aria-label={t('status')} value={status ?? 'all'} onChange={choose} data-testid="request-filter"
          choices={[{ value: 'all', label: t('all') }, ...STATUSES.map((one) => ({ value: one, label: t(`status_${one}`) }))]}
        />
        {may('privacy.write') && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setTaking(!isTaking)} aria-expanded={isTaking} data-testid="new-request">{t('take_in')}</Button>
        )}
      </div>
      {isTaking && <NewRequestForm onDone={() => setTaking(false)} />}
      <RequestList status={status} />
    </>
  );
}

function RequestList({ status }: { status: Status | null }) {
  const t = useWords('privacy');
  const list = useRequests(status);
  if (list.isPending) return <Sheet><ListLoading what={t('requests')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return (
      <Sheet>
        <Nothing icon={IconShieldCheck} title={status ? t('none_so') : t('none')}><Text c="dimmed" size="sm" maw={460}>{t('none_hint')}</Text>{!status && <SampleOffer />}</Nothing>
      </Sheet>
    );
  }
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <ul className={styles.cards} aria-label={t('requests')}>
        {list.data.map((one) => <RequestItem key={one.id} request={one} />)}
      </ul>
      <LoadMore list={list} />
    </>
  );
}
