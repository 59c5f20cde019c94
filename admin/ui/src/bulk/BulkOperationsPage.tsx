/** What was done to many contacts at once: each with who asked for it, when, and what came of it. */
import { Button, Text } from '@mantine/core';
import { IconStack2 } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { BackLink } from '../look/BackLink';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Moment } from '../look/Moment';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import styles from './Bulk.module.css';
import { BulkItem } from './BulkItem';
import { useAllBulk } from './useBulk';

export function BulkOperationsPage() {
  const t = useWords('bulk');
  return (
    <>
      <BackLink to="/leads">{t('to_leads')}</BackLink>
      <PageHeading title={t('all_title')}>{t('all_lead')}</PageHeading>
      <List />
    </>
  );
}

function List() {
  const t = useWords('bulk');
  const list = useAllBulk();
  if (list.isPending) return <Sheet><ListLoading what={t('all_title')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return (
      <Sheet>
        <Nothing icon={IconStack2} title={t('all_none')}>
          <Text c="dimmed" size="sm" maw={460}>{t('all_none_hint')}</Text>
          <Button component={Link} to="/leads" variant="default" mt="sm">{t('to_leads')}</Button>
        </Nothing>
      </Sheet>
    );
  }
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <div className={styles.all} data-testid="bulk-operations">
        {list.data.map((one) => (
          <BulkItem key={one.id} one={one}>
            <p className={styles.soft}>{one.made_by && <><bdi>{one.made_by}</bdi> · </>}<Moment at={one.made_at} as="inline" /></p>
          </BulkItem>
        ))}
      </div>
      <LoadMore list={list} />
    </>
  );
}
