/** What came of talks, journeys and messages over a period: from the first words to what was sold. */
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { PageHeading } from '../look/PageHeading';
import { SampleOffer } from '../samples/SampleOffer';
import { useMay } from '../session/useMay';
import { ChoosePeriod } from './ChoosePeriod';
import { FunnelPanel } from './FunnelPanel';
import styles from './Numbers.module.css';
import { RevenuePanel } from './RevenuePanel';
import { ScorePanel } from './ScorePanel';
import { AnswersPanel, CostsPanel, DeliveriesPanel } from './SentPanels';
import { LiftPanel } from './LiftPanel';
import { WAYS, useView } from './useNumbers';

export function NumbersPage() {
  const t = useWords('numbers');
  const view = useView();
  const may = useMay();
  return (
    <>
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      <div className={styles.choices}>
        <ChoosePeriod period={view.period} onChange={(period) => view.change({ period })} />
        <Choose label={t('told_by')} value={view.by} choices={WAYS.map((by) => ({ value: by, label: t(`by_${by}`) }))} onChange={(by) => view.change({ by })} data-testid="numbers-by" />
      </div>
      <SampleOffer />
      <div className={styles.panels}>
        <FunnelPanel view={view} />
        <RevenuePanel view={view} />
        <ScorePanel view={view} />
        {may('journeys.read') && <LiftPanel />}
        <CostsPanel view={view} />
        <DeliveriesPanel view={view} />
        {'days' in view.period && <AnswersPanel days={view.period.days} />}
      </div>
    </>
  );
}
