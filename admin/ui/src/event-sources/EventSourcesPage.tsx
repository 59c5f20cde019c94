/** What may send events here, and the kinds of events that were added: made, shown once, revoked. */
import { Button, Text } from '@mantine/core';
import { IconPlugConnected, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Failure, Nothing } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Sheet } from '../look/Panel';
import { Tag } from '../look/Tag';
import { useMay } from '../session/useMay';
import { BackToSettings } from '../settings/BackToSettings';
import styles from './EventSources.module.css';
import { NewSource } from './NewSource';
import { OwnKinds } from './OwnKinds';
import type { Source } from './types';
import { useRevokeSource, useSources } from './useEventSources';

export function EventSourcesPage() {
  const t = useWords('event_sources');
  const may = useMay()('events.write');
  const [isMaking, setMaking] = useState(false);
  return (
    <>
      <BackToSettings />
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <div className={styles.panels}>
        {may && !isMaking && <div><Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)} data-testid="new-source">{t('new')}</Button></div>}
        {isMaking && <NewSource onDone={() => setMaking(false)} />}
        <List mayChange={may} />
        <OwnKinds mayChange={may} />
      </div>
    </>
  );
}

function List({ mayChange }: { mayChange: boolean }) {
  const t = useWords('event_sources');
  const list = useSources();
  if (list.isPending) return <Sheet><ListLoading what={t('title')} /></Sheet>;
  if (!list.data) return <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>;
  if (list.data.length === 0) {
    return <Sheet><Nothing icon={IconPlugConnected} title={t('none')}><Text c="dimmed" size="sm" maw={460}>{t('none_hint')}</Text></Nothing></Sheet>;
  }
  return <Sheet><ul className={styles.list} aria-label={t('title')}>{list.data.map((source) => <Row key={source.id} source={source} mayChange={mayChange} />)}</ul></Sheet>;
}

function Row({ source, mayChange }: { source: Source; mayChange: boolean }) {
  const t = useWords('event_sources');
  const revoke = useRevokeSource(source.id);
  return (
    <li className={styles.row} data-testid="source">
      <div className={styles.what}>
        <strong><bdi>{source.name}</bdi></strong> {source.revoked_at && <Tag tone="bad">{t('revoked')}</Tag>}
        <p className={styles.soft}>{t(`way_${source.way}`)} · {t(`strangers_${source.unknown_people}`)} · {t('made')} <Moment at={source.made_at} as="inline" /></p>
      </div>
      {mayChange && !source.revoked_at && (
        <ConfirmButton
          size="compact-md" label={t('revoke')} title={t('revoke_title', { name: source.name })} confirm={t('revoke')} cancel={t('cancel')}
          isBusy={revoke.isPending} error={revoke.error} onConfirm={() => revoke.mutate(undefined)} testId="revoke-source"
        >
          {t('revoke_means')}
        </ConfirmButton>
      )}
    </li>
  );
}
