/** One merge there was: who became whom, why, and the way back. */
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { Moment } from '../look/Moment';
import { Tag } from '../look/Tag';
import { plainWords, valueInWords } from '../look/words';
import styles from './Merges.module.css';
import type { Merge } from './types';
import { useUnmerge } from './useMerges';

export function MergeItem({ merge }: { merge: Merge }) {
  const t = useWords('merges');
  const unmerge = useUnmerge();
  const kept = Object.entries(merge.kept);
  return (
    <li className={styles.row} data-testid="merge">
      <div className={styles.what}>
        <Link to={`/leads/${merge.survivor_id}`} className={styles.more}>{t('see_contact')}</Link>
        <div className={styles.soft}>
          {plainWords(merge.reason)} · {merge.merged_by.startsWith('user:') ? t('by_person') : t('by_rule')} · <Moment at={merge.merged_at} />
        </div>
        {kept.length > 0 && (
          <div className={`${styles.soft} untrusted`}>{t('knew_otherwise')} {kept.map(([field, value]) => `${plainWords(field)}: ${valueInWords(value)}`).join(', ')}</div>
        )}
      </div>
      {merge.undone_at ? (
        <Tag>{t('undone')} <Moment at={merge.undone_at} /></Tag>
      ) : (
        <ConfirmButton
          testId="unmerge" size="compact-md" label={t('undo')} title={t('undo_title')} confirm={t('undo')} cancel={t('cancel')} isDangerous={false}
          isBusy={unmerge.isPending} error={unmerge.error} onConfirm={() => unmerge.mutate(merge.id)}
        >
          {t('undo_means')}
        </ConfirmButton>
      )}
    </li>
  );
}
