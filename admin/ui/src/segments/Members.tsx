/** Who is in a saved segment since when, the last to enter first. */
import { useWords } from '../i18n/useWords';
import { LoadMore } from '../look/LoadMore';
import { Moment } from '../look/Moment';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import { ListLoading } from '../look/Loading';
import { Link } from 'react-router';
import styles from './SegmentPage.module.css';
import type { Segment } from './types';
import { useMembers } from './useSegments';

export function Members({ segment }: { segment: Segment }) {
  const t = useWords('segments');
  const list = useMembers(segment.id);
  return (
    <div style={{ marginTop: 16 }}>
      <Panel title={t('members')}>
        {list.isPending && <ListLoading what={t('members')} />}
        {list.isError && !list.data && <Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} />}
        {list.data?.length === 0 && <p className={styles.soft}>{segment.state === 'building' ? t('being_found') : t('nobody')}</p>}
        <ul className={styles.people} data-testid="segment-members">
          {list.data?.map((member) => (
            <li key={member.contact_id}>
              <Link to={`/leads/${member.contact_id}`}><bdi>{member.name ?? member.company ?? t('unnamed')}</bdi></Link>
              <span className={styles.soft}>{t('since_when')} <Moment at={member.entered_at} /></span>
            </li>
          ))}
        </ul>
        <LoadMore list={list} />
      </Panel>
    </div>
  );
}
