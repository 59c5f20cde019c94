/** The proposals there are, the latest first, each with how it stands. */
import { Text } from '@mantine/core';
import { IconBulb, IconCheck, IconClock, IconX, type Icon } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Moment } from '../look/Moment';
import { Failure, Nothing } from '../look/Notices';
import { Sheet } from '../look/Panel';
import { Tag, type Tone } from '../look/Tag';
import styles from './Knowledge.module.css';
import type { ProposalRow } from './types';
import { useProposals } from './useKnowledge';

const LOOKS: Record<ProposalRow['status'], { tone: Tone; icon: Icon }> = {
  waiting: { tone: 'cold', icon: IconClock },
  measuring: { tone: 'cold', icon: IconClock },
  ready: { tone: 'warm', icon: IconBulb },
  failed: { tone: 'bad', icon: IconX },
  publishing: { tone: 'cold', icon: IconClock },
  accepted: { tone: 'good', icon: IconCheck },
  rejected: { tone: 'plain', icon: IconX },
};

export function StatusTag({ status }: Pick<ProposalRow, 'status'>) {
  const t = useWords('knowledge');
  return <Tag {...LOOKS[status]}>{t(`status_${status}`)}</Tag>;
}

export function Proposals() {
  const t = useWords('knowledge');
  const list = useProposals();
  if (list.isPending) return <Sheet><ListLoading what={t('proposals')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return <Sheet><Nothing icon={IconBulb} title={t('no_proposals')}><Text c="dimmed" size="sm" maw={440}>{t('no_proposals_hint')}</Text></Nothing></Sheet>;
  }
  return (
    <>
      <Sheet>
        <ul className={styles.list} aria-label={t('proposals')}>
          {list.data.map((one) => (
            <li key={one.id} className={styles.row} data-testid="proposal">
              <div className={styles.what}>
                <Link to={`/knowledge/proposals/${one.id}`} className={styles.link}><bdi>{one.title ?? one.target}</bdi></Link>
                <div className={styles.soft}>{t(one.kind === 'intent' ? 'adds_examples' : 'adds_questions', { count: one.texts.length })} · {one.language} · <Moment at={one.created_at} /></div>
              </div>
              <StatusTag status={one.status} />
            </li>
          ))}
        </ul>
      </Sheet>
      <LoadMore list={list} />
    </>
  );
}
