/** What came of talks, journeys and messages over a period: from the first words to what was sold. */
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { PageHeading } from '../look/PageHeading';
import { useMay } from '../session/useMay';
import { FunnelPanel } from './FunnelPanel';
import styles from './Numbers.module.css';
import { RevenuePanel } from './RevenuePanel';
import { ScorePanel } from './ScorePanel';
import { AnswersPanel, CostsPanel, DeliveriesPanel } from './SentPanels';
import { LiftPanel } from './LiftPanel';
import { PERIODS, WAYS, useView } from './useNumbers';

export function NumbersPage() {
  const t = useWords('numbers');
  const view = useView();
  const may = useMay();
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <div className={styles.choices}>
        <Choose label={t('period')} value={String(view.days)} choices={PERIODS.map((days) => ({ value: String(days), label: t('last_days', { count: days }) }))} onChange={(days) => view.change({ days: Number(days) })} data-testid="numbers-period" />
        <Choose label={t('told_by')} value={view.by} choices={WAYS.map((by) => ({ value: by, label: t(`by_${by}`) }))} onChange={(by) => view.change({ by })} data-testid="numbers-by" />
      </div>
      <div className={styles.panels}>
        <FunnelPanel view={view} />
        <RevenuePanel view={view} />
        <ScorePanel view={view} />
        {may('journeys.read') && <LiftPanel />}
        <CostsPanel view={view} />
        <DeliveriesPanel view={view} />
        <AnswersPanel view={view} />
      </div>
    </>
  );
}
