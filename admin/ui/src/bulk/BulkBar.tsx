/** What can be done to the rows that are chosen. Shown while some are. */
import { Button, CloseButton, Text } from '@mantine/core';
import { IconDownload, IconEraser, IconRoute, IconStairsUp, IconTag, IconUser } from '@tabler/icons-react';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { useMay } from '../session/useMay';
import styles from './Bulk.module.css';
import { BulkDialog, type Asked } from './BulkDialog';
import type { Selection } from './types';
import type { Choosing } from './useChoosing';

const KINDS = [
  { kind: 'tag', Icon: IconTag, needs: 'contacts.write' },
  { kind: 'stage', Icon: IconStairsUp, needs: 'contacts.write' },
  { kind: 'owner', Icon: IconUser, needs: 'contacts.write' },
  { kind: 'enrol', Icon: IconRoute, needs: 'journeys.write' },
  { kind: 'export', Icon: IconDownload, needs: 'contacts.export' },
  { kind: 'erase', Icon: IconEraser, needs: 'privacy.carry_out' },
] as const;

interface Props {
  choosing: Choosing;
  /** Everybody whom the filter lets through. */
  everybody: Selection;
  /** Whether there are more than the rows that are loaded. */
  hasMore: boolean;
}

export function BulkBar({ choosing, everybody, hasMore }: Props) {
  const t = useWords('bulk');
  const may = useMay();
  const [asked, setAsked] = useState<Asked | null>(null);
  const { chosen, isEverybody, takeEverybody, clear } = choosing;
  const number = chosen.size;
  if (number === 0) return null;
  return (
    <section className={styles.bar} aria-label={t('bar')} data-testid="bulk-bar">
      <Text size="sm" fw={550} component="p" role="status" m={0}>{isEverybody ? t('everybody') : t('chosen', { count: number, number })}</Text>
      {hasMore && !isEverybody && <Button size="compact-sm" variant="subtle" onClick={takeEverybody} data-testid="bulk-everybody">{t('take_everybody')}</Button>}
      <div className={styles.deeds}>
        {KINDS.filter(({ needs }) => may(needs)).map(({ kind, Icon }) => (
          <Button key={kind} size="compact-sm" variant="default" leftSection={<Icon size={15} aria-hidden />} onClick={() => setAsked(kind)} data-testid={`bulk-${kind}`}>{t(kind)}</Button>
        ))}
        <CloseButton aria-label={t('clear')} title={t('clear')} onClick={clear} />
      </div>
      {asked && <BulkDialog asked={asked} selection={isEverybody ? everybody : { ids: [...chosen] }} number={isEverybody ? null : number} onDone={clear} onClose={() => setAsked(null)} />}
    </section>
  );
}

/** Whether the user may do any of it, so that rows are worth choosing. */
export function useMayBulk(): boolean {
  const may = useMay();
  return KINDS.some(({ needs }) => may(needs));
}
