/** One kind of figures: loading, failed, nothing there yet, or shown; with its file where there is one. */
import { Anchor } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { Panel } from '../look/Panel';
import styles from './Numbers.module.css';
import type { Files } from './types';

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  isFetching: boolean;
  refetch: () => unknown;
}

interface Props<T> {
  title: string;
  lead: string;
  /** What to do so that there is something to see. */
  empty: string;
  asked: Asked<T>;
  isEmpty: (data: T) => boolean;
  file?: Files;
  children: (data: T) => ReactNode;
}

export function FigurePanel<T>({ title, lead, empty, asked, isEmpty, file, children }: Props<T>) {
  const t = useWords('numbers');
  const { data } = asked;
  const isThere = data !== undefined && !asked.isPending && !isEmpty(data);
  const saving = isThere && file && (
    <span className={styles.files}>
      <Anchor href={file.csv} download className={styles.file ?? ''} fz="sm" c="var(--accent)" underline="always" aria-label={t('as_csv_of', { title })}>
        <IconDownload size={14} aria-hidden /> {t('as_csv')}
      </Anchor>
      <Anchor href={file.parquet} download className={styles.file ?? ''} fz="sm" c="var(--accent)" underline="always" aria-label={t('as_parquet_of', { title })}>
        {t('as_parquet')}
      </Anchor>
    </span>
  );
  return (
    <Panel title={title} aside={saving}>
      <p className={styles.soft}>{lead}</p>
      {asked.isPending && <ListLoading what={title} />}
      {Boolean(asked.error) && !isThere && <Failure error={asked.error} onRetry={() => void asked.refetch()} isRetrying={asked.isFetching} />}
      {!asked.error && !asked.isPending && !isThere && <p className={styles.soft} data-testid="no-figures">{empty}</p>}
      {isThere && children(data)}
    </Panel>
  );
}
