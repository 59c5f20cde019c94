/** One bulk operation: how far it is, or what came of it and why some contacts were left as they were. */
import { Button, CloseButton, Progress } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { findWords } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { stageName } from '../look/words';
import styles from './Bulk.module.css';
import type { BulkOperation } from './types';
import { isWorking, useCancelBulk } from './useBulk';

interface Props {
  one: BulkOperation;
  /** Who asked for it and when, where that is of interest. */
  children?: ReactNode;
  onClose?: () => void;
}

export function BulkItem({ one, children, onClose }: Props) {
  const t = useWords('bulk');
  const cancel = useCancelBulk();
  const working = isWorking(one);
  const changed = one.operation === 'erase' ? 'erased' : 'changed';
  return (
    <article className={styles.one} data-testid="bulk-one" data-state={one.state}>
      <div className={styles.head}>
        <h2 className={styles.title}>{useTitle(one)}</h2>
        {!working && onClose && <CloseButton size="sm" aria-label={t('close')} onClick={onClose} />}
      </div>
      {children}
      {working && <Progress value={one.total > 0 ? (100 * one.done) / one.total : 0} animated aria-label={t('how_far')} my={8} />}
      <p className={styles.soft} role="status">
        {working ? t('of', { done: one.done, total: one.total }) : t(`state_${one.state as 'done' | 'failed' | 'cancelled'}`)}
        {!working && one.operation !== 'export' && ` ${t(changed, { count: one.changed, number: one.changed })}`}
        {one.gone > 0 && ` ${t('gone', { count: one.gone, number: one.gone })}`}
        {one.problem && ` ${one.problem}`}
      </p>
      {!working && one.reasons.map(({ rule, text, contacts }) => (
        <p key={rule} className={styles.soft}>{t('stopped', { count: contacts, number: contacts })} {findWords('bulk', `reason_${rule}`) ?? text}</p>
      ))}
      {working && <Button mt={8} size="compact-sm" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(one.id)}>{t('cancel')}</Button>}
      {one.state === 'done' && one.operation === 'export' && (
        <Button mt={8} size="compact-sm" component="a" href={`/api/v1/contacts/bulk/${one.id}/file`} download variant="default" leftSection={<IconDownload size={15} aria-hidden />} data-testid="bulk-file">{t('download')}</Button>
      )}
    </article>
  );
}

function useTitle({ operation, value, owner_name }: BulkOperation): string {
  const t = useWords('bulk');
  switch (operation) {
    case 'add_tag': return t('did_add_tag', { tag: value });
    case 'remove_tag': return t('did_remove_tag', { tag: value });
    case 'set_stage': return t('did_set_stage', { stage: stageName(value ?? '') });
    case 'set_owner': return value ? t('did_set_owner', { owner: owner_name ?? value }) : t('did_unset_owner');
    case 'enrol': return t('did_enrol', { journey: value });
    case 'export': return t('did_export');
    case 'erase': return t('did_erase');
  }
}
