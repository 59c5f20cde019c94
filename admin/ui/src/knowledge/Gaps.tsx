/** Messages that were not understood, grouped by what they mean, the largest group first. */
import { Button, Text } from '@mantine/core';
import { IconMoodHappy, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Moment } from '../look/Moment';
import { Failure, Nothing, Stale } from '../look/Notices';
import { Sheet } from '../look/Panel';
import { Tag } from '../look/Tag';
import { languageName, plainWords } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './Knowledge.module.css';
import { MendForm } from './MendForm';
import type { GapGroup } from './types';
import { useDismissGroup, useGapsOf, useGroups, useRegroup } from './useKnowledge';

export function Gaps() {
  const t = useWords('knowledge');
  const list = useGroups();
  if (list.isPending) return <Sheet><ListLoading what={t('gaps')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  const groups = list.data.pages.flatMap((page) => page.items);
  const [{ grouping, open_gaps: open } = { grouping: null, open_gaps: 0 }] = list.data.pages;
  return (
    <>
      {list.isError && <Stale error={list.error} />}
      <div className={styles.tools}>
        <span className={styles.soft}>
          {t('open', { count: open, number: open })}
          {grouping?.done_at && <> · {t('grouped')} <Moment at={grouping.done_at} /></>}
        </span>
        <Regroup isWaiting={grouping?.status === 'waiting'} />
      </div>
      {groups.length === 0 && (
        <Sheet><Nothing icon={IconMoodHappy} title={t('none')}><Text c="dimmed" size="sm" maw={460}>{open > 0 ? t('none_grouped') : t('none_hint')}</Text></Nothing></Sheet>
      )}
      <ul className={styles.cards} aria-label={t('gaps')}>{groups.map((group) => <Group key={group.id} group={group} />)}</ul>
      <LoadMore list={list} />
    </>
  );
}

function Regroup({ isWaiting }: { isWaiting: boolean }) {
  const t = useWords('knowledge');
  const may = useMay();
  const regroup = useRegroup();
  if (!may('knowledge.write')) return null;
  return (
    <Button variant="default" size="compact-md" loading={regroup.isPending || isWaiting} leftSection={<IconRefresh size={15} aria-hidden />} onClick={() => regroup.mutate(undefined)}>
      {t('regroup')}
    </Button>
  );
}

function Group({ group }: { group: GapGroup }) {
  const t = useWords('knowledge');
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const dismiss = useDismissGroup(group.id);
  return (
    <li className={styles.card} data-testid="gap-group">
      <div className={styles.head}>
        <h2 className={styles.title}><bdi>{plainWords(group.name)}</bdi></h2>
        <Tag tone="warm">{t('messages', { count: group.open, number: group.open })}</Tag>
        <Tag>{languageName(group.language)}</Tag>
      </div>
      {group.example && <blockquote className={`${styles.quote} untrusted`} lang={group.language} dir="auto">{group.example}</blockquote>}
      {group.nearest_intent && <p className={styles.soft}>{t('taken_for')} <code>{group.nearest_intent}</code></p>}
      {isOpen ? <Messages group={group} onDone={() => setOpen(false)} /> : (
        may('knowledge.write') && (
          <div className={styles.bar}>
            <Button onClick={() => setOpen(true)} data-testid="mend">{t('mend')}</Button>
            <ConfirmButton
              label={t('dismiss')} title={t('dismiss')} confirm={t('dismiss')} cancel={t('cancel')} isDangerous={false}
              isBusy={dismiss.isPending} error={dismiss.error} onConfirm={() => dismiss.mutate(undefined)}
            >
              {t('dismiss_means')}
            </ConfirmButton>
          </div>
        )
      )}
    </li>
  );
}

function Messages({ group, onDone }: { group: GapGroup; onDone: () => void }) {
  const t = useWords('knowledge');
  const list = useGapsOf(group.id);
  if (list.isPending) return <ListLoading what={t('gaps')} />;
  if (!list.data) return <p role="alert" className={styles.wrong}>{asAPIError(list.error).message}</p>;
  return <MendForm key={list.data.length} group={group} gaps={list.data} more={<LoadMore list={list} />} onDone={onDone} />;
}
