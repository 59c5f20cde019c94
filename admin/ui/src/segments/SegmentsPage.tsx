/** All segments: the rule of each in words, and how many are in it. */
import { Button, Progress, Text } from '@mantine/core';
import { IconFilter, IconPlus } from '@tabler/icons-react';
import { Link } from 'react-router';
import { figure } from '../i18n/said';
import { useLanguage } from '../i18n/useLanguage';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { SampleOffer } from '../samples/SampleOffer';
import { useMay } from '../session/useMay';
import styles from './SegmentsPage.module.css';
import type { SegmentRow } from './types';
import { useSegments } from './useSegments';

export function SegmentsPage() {
  const t = useWords('segments');
  const may = useMay()('segments.write');
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      {may && <Button component={Link} to="/segments/new" mb="md" leftSection={<IconPlus size={16} aria-hidden />} data-testid="new-segment">{t('new')}</Button>}
      <SegmentList />
    </>
  );
}

function SegmentList() {
  const t = useWords('segments');
  const list = useSegments(useLanguage());
  if (list.isPending) return <Sheet><ListLoading what={t('title')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return (
      <Sheet>
        <Nothing icon={IconFilter} title={t('none')}><Text c="dimmed" size="sm" maw={440}>{t('none_hint')}</Text><SampleOffer /></Nothing>
      </Sheet>
    );
  }
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <Sheet>
        <ul className={styles.list} aria-label={t('title')}>
          {list.data.map((segment) => <Row key={segment.id} segment={segment} />)}
        </ul>
      </Sheet>
    </>
  );
}

function Row({ segment }: { segment: SegmentRow }) {
  const t = useWords('segments');
  const isBuilding = segment.state === 'building';
  return (
    <li className={styles.row} data-testid="segment-row">
      <div className={styles.what}>
        <Link to={`/segments/${segment.id}`} className={styles.link}><bdi>{segment.name}</bdi></Link>
        <div className={`${styles.words} untrusted`}>{segment.words}</div>
      </div>
      <div className={styles.size}>
        <div className={`${styles.members} tabular`}>{figure(segment.members)}</div>
        <div className={styles.soft}>{t('people', { count: segment.members })}</div>
        {isBuilding ? (
          <Progress value={segment.contacts > 0 ? (100 * segment.built) / segment.contacts : 0} size="sm" mt={6} aria-label={t('being_found')} />
        ) : (
          <div className={styles.soft}><Moment at={segment.updated_at} /></div>
        )}
      </div>
    </li>
  );
}
