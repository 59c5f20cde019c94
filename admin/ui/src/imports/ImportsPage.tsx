/** All imports of contacts, the latest first, and the way to a new one. */
import { Button, Text } from '@mantine/core';
import { IconFileImport, IconUpload } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Moment } from '../look/Moment';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { useMay } from '../session/useMay';
import styles from './Imports.module.css';
import { StateTag } from './StateTag';
import type { Import } from './types';
import { useImports } from './useImports';

export function ImportsPage() {
  const t = useWords('imports');
  const may = useMay()('imports.write');
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      {may && <Button component={Link} to="/imports/new" mb="md" leftSection={<IconUpload size={16} aria-hidden />} data-testid="new-import">{t('new')}</Button>}
      <ImportList />
    </>
  );
}

function ImportList() {
  const t = useWords('imports');
  const list = useImports();
  if (list.isPending) return <Sheet><ListLoading what={t('title')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return <Sheet><Nothing icon={IconFileImport} title={t('none')}><Text c="dimmed" size="sm" maw={440}>{t('none_hint')}</Text></Nothing></Sheet>;
  }
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <Sheet><ul className={styles.list} aria-label={t('title')}>{list.data.map((one) => <Row key={one.id} one={one} />)}</ul></Sheet>
      <LoadMore list={list} />
    </>
  );
}

function Row({ one }: { one: Import }) {
  const t = useWords('imports');
  return (
    <li className={styles.row} data-testid="import-row">
      <div>
        <Link to={`/imports/${one.id}`} className={styles.link}><bdi>{one.file_name ?? t('file_gone')}</bdi></Link>
        <div className={styles.soft}><Moment at={one.started_at} as="day" /></div>
      </div>
      <span className={`${styles.soft} tabular`}>{t('made', { count: one.created, number: one.created })}</span>
      <StateTag state={one.state} />
    </li>
  );
}
