/** Where one is logged in, with a way to end each. */
import { Button } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import { Tag } from '../look/Tag';
import { Said } from './Said';
import { browserInWords } from './browsers';
import styles from './Access.module.css';
import type { OpenSession } from './types';
import { useEndOtherSessions, useEndSession, useOwnSessions } from './useAccount';

export function OwnSessions() {
  const t = useWords('access');
  const list = useOwnSessions();
  const endOthers = useEndOtherSessions();
  const hasOthers = (list.data?.length ?? 0) > 1;
  return (
    <Panel
      title={t('sessions')}
      aside={hasOthers && <Button variant="default" size="compact-sm" loading={endOthers.isPending} onClick={() => endOthers.mutate(undefined)} data-testid="end-others">{t('end_others')}</Button>}
    >
      {list.isPending && <ListLoading what={t('sessions')} />}
      {list.isError && !list.data && <Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} />}
      <Said error={endOthers.error} done={null} />
      {list.data && (
        <ul className={`${styles.list} ${styles.panelList}`} aria-label={t('sessions')}>
          {list.data.map((session) => <SessionRow key={session.id} session={session} />)}
        </ul>
      )}
    </Panel>
  );
}

function SessionRow({ session }: { session: OpenSession }) {
  const t = useWords('access');
  const end = useEndSession();
  const browser = browserInWords(session.browser) || t('unknown_browser');
  return (
    <li className={styles.row} data-testid="session-row">
      <div className={styles.what}>
        <div className={styles.name}><bdi>{browser}</bdi></div>
        <div className={styles.soft}>{t('seen')} <Moment at={session.seen_at ?? session.created_at} /></div>
        <Said error={end.error} done={null} />
      </div>
      {session.is_this ? (
        <Tag tone="good">{t('this_browser')}</Tag>
      ) : (
        <Button variant="default" size="compact-sm" aria-label={`${t('end_session')}: ${browser}`} loading={end.isPending} onClick={() => end.mutate(session.id)}>
          {t('end_session')}
        </Button>
      )}
    </li>
  );
}
