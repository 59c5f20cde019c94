/** Who would move by other rules: how many up and down, into which bands and stages, and some of them. */
import { Progress } from '@mantine/core';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import { Refused } from '../look/Notices';
import { stageName } from '../look/words';
import styles from './Scores.module.css';
import type { Preview } from './types';

export function PreviewPanel({ preview, isBusy, error }: { preview: Preview | null; isBusy: boolean; error: Error | null }) {
  const t = useWords('scores');
  if (error) return <Refused error={error} />;
  if (!preview) return null;
  const bands = Object.entries(preview.bands).map(([band, count]) => t('into', { place: t(`band_${band as 'hot'}`), number: count }));
  const stages = Object.entries(preview.stages).map(([stage, count]) => t('into', { place: stageName(stage), number: count }));
  return (
    <div data-testid="rules-preview" role="status">
      {isBusy && <Progress mt="sm" value={preview.contacts > 0 ? (100 * preview.looked_at) / preview.contacts : 100} aria-label={t('looking')} />}
      <p><strong>{t('up', { count: preview.up, number: preview.up })}</strong>, <strong>{t('down', { count: preview.down, number: preview.down })}</strong> {t('of', { number: preview.looked_at })}</p>
      {[...bands, ...stages].length > 0 && <p className={styles.soft}>{[...bands, ...stages].join(' · ')}</p>}
      <ul className={styles.moved}>
        {preview.examples.map((one) => (
          <li key={one.contact_id}>
            <Link to={`/leads/${one.contact_id}`} className={styles.more}>{t('somebody')}</Link>
            <span className="tabular">{one.before.total ?? 0} → {one.after.total ?? 0}{one.stage && ` · ${stageName(one.stage)}`}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
