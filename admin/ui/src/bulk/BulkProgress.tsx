/** How far bulk operations are: stays in the corner of every page while somebody goes on working, until it is closed. */
import { useEffect, useState } from 'react';
import { useWords } from '../i18n/useWords';
import styles from './Bulk.module.css';
import { BulkItem } from './BulkItem';
import type { BulkOperation } from './types';
import { isWorking, useBulkOperations } from './useBulk';

export function BulkProgress() {
  const [followed, setFollowed] = useState<ReadonlySet<string>>(new Set());
  const operations = useBulkOperations().data ?? [];
  const fresh = operations.filter((one) => isWorking(one) && !followed.has(one.id)).map(({ id }) => id);
  const freshKey = fresh.join(' ');
  useEffect(() => {
    if (freshKey) setFollowed((known) => new Set([...known, ...freshKey.split(' ')]));
  }, [freshKey]);
  const close = (id: string) => setFollowed((known) => new Set([...known].filter((one) => one !== id)));
  const shown = operations.filter((one) => isWorking(one) || followed.has(one.id));
  if (shown.length === 0) return null;
  return <GoingOn shown={shown} onClose={close} />;
}

/** Apart, so that its words are loaded only by a page that shows some. */
function GoingOn({ shown, onClose }: { shown: readonly BulkOperation[]; onClose: (id: string) => void }) {
  const t = useWords('bulk');
  return (
    <section className={styles.progress} aria-label={t('going_on')} data-testid="bulk-progress">
      {shown.map((one) => <BulkItem key={one.id} one={one} onClose={() => onClose(one.id)} />)}
    </section>
  );
}
