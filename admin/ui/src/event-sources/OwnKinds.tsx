/** The kinds of events that were added beside those that Parley knows. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import { plainWords } from '../look/words';
import styles from './EventSources.module.css';
import { KindForm } from './KindForm';
import type { EventKind } from './types';
import { useOwnKinds, useRemoveKind } from './useEventSources';

export function OwnKinds({ mayChange }: { mayChange: boolean }) {
  const t = useWords('event_sources');
  const [isAdding, setAdding] = useState(false);
  const kinds = useOwnKinds();
  const add = mayChange && !isAdding && <Button variant="default" size="compact-md" onClick={() => setAdding(true)} data-testid="new-kind">{t('add_kind')}</Button>;
  return (
    <Panel title={t('kinds')} aside={add}>
      <p className={styles.lead}>{t('kinds_hint')}</p>
      {isAdding && <KindForm onDone={() => setAdding(false)} />}
      {kinds.isPending && <ListLoading what={t('kinds')} />}
      {kinds.isError && !kinds.data && <Failure error={kinds.error} onRetry={() => void kinds.refetch()} isRetrying={kinds.isFetching} />}
      {kinds.data?.length === 0 && <p className={styles.soft}>{t('no_kinds')}</p>}
      <ul className={styles.inner} aria-label={t('kinds')}>{kinds.data?.map((kind) => <Row key={kind.name} kind={kind} mayChange={mayChange} />)}</ul>
    </Panel>
  );
}

function Row({ kind, mayChange }: { kind: EventKind; mayChange: boolean }) {
  const t = useWords('event_sources');
  const remove = useRemoveKind(kind.name);
  const held = Object.entries(kind.properties).map(([name, type]) => `${plainWords(name)} (${t(`type_${type}`)})`);
  return (
    <li className={styles.row} data-testid="own-kind">
      <div className={styles.what}>
        <strong className="untrusted">{kind.title}</strong> <code className={styles.soft}>{kind.name}</code>
        <p className={styles.soft}>{held.join(', ') || t('holds_nothing')}</p>
      </div>
      {mayChange && (
        <ConfirmButton
          size="compact-md" label={t('remove')} title={t('remove_kind', { name: kind.title })} confirm={t('remove')} cancel={t('cancel')}
          isBusy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate(undefined)}
        >
          {t('remove_kind_means')}
        </ConfirmButton>
      )}
    </li>
  );
}
