/** What colleagues are to do, the oldest first: mine, nobody's, or all. */
import { Button, Checkbox, SegmentedControl, Text } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { Link, useSearchParams } from 'react-router';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure, Nothing, Stale } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { Tag } from '../look/Tag';
import { useNow } from '../look/useNow';
import { SampleOffer } from '../samples/SampleOffer';
import { useMay } from '../session/useMay';
import { useSession } from '../session/useSession';
import styles from './Tasks.module.css';
import { MOST, useFinish, useTasks, type Task } from './useTasks';

const WHOSE = ['all', 'mine', 'nobodys'] as const;

export function TasksPage() {
  const t = useWords('tasks');
  const [search, setSearch] = useSearchParams();
  const whose = WHOSE.find((one) => one === search.get('whose')) ?? 'all';
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <SegmentedControl
        mb="md" aria-label={t('whose')} value={whose} data={WHOSE.map((value) => ({ value, label: t(value) }))}
        onChange={(next) => setSearch(next === 'all' ? {} : { whose: next }, { replace: true })}
      />
      <TaskList whose={whose} />
    </>
  );
}

function TaskList({ whose }: { whose: (typeof WHOSE)[number] }) {
  const t = useWords('tasks');
  const { data: user } = useSession();
  const list = useTasks();
  if (list.isPending) return <Sheet><ListLoading what={t('title')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  const shown = list.data.filter(({ owner_id: owner }) => whose === 'all' || (whose === 'mine' ? owner === user?.id : owner === null));
  if (shown.length === 0) {
    return <Sheet><Nothing icon={IconChecklist} title={t('none')}><Text c="dimmed" size="sm" maw={440}>{t('none_hint')}</Text><Button component={Link} to="/leads?band=hot" variant="default" mt="sm">{t('to_hot_leads')}</Button><SampleOffer /></Nothing></Sheet>;
  }
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <Sheet><ul className={styles.list} aria-label={t('title')}>{shown.map((task) => <Item key={task.id} task={task} isMine={task.owner_id === user?.id} />)}</ul></Sheet>
      {list.data.length === MOST && <p className={styles.soft}>{t('most', { count: MOST })}</p>}
    </>
  );
}

function Item({ task, isMine }: { task: Task; isMine: boolean }) {
  const t = useWords('tasks');
  const may = useMay();
  const finish = useFinish();
  const now = useNow();
  const isLate = task.due_at !== null && new Date(task.due_at) < now;
  return (
    <li className={styles.row} data-testid="task">
      <Checkbox aria-label={t('done', { title: task.title })} checked={finish.isPending || finish.isSuccess} disabled={!may('contacts.write') || finish.isPending} onChange={() => finish.mutate(task.id)} />
      <div className={styles.what}>
        <Link to={`/leads/${task.contact_id}`} className={styles.more}><span className="untrusted">{task.title}</span></Link>
        <div className={styles.soft}>
          <Moment at={task.made_at} /> · {t(task.owner_id === null ? 'nobodys' : isMine ? 'mine' : 'a_colleagues')}
          {finish.isError && <span role="alert" className={styles.wrong}> {asAPIError(finish.error).message}</span>}
        </div>
      </div>
      {task.due_at && <Tag tone={isLate ? 'bad' : 'cold'}>{t('due')} <Moment at={task.due_at} /></Tag>}
    </li>
  );
}
