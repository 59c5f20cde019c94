/** Whether the score is right: who was won of those that were hot, warm and cold before. */
import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { FigurePanel } from './FigurePanel';
import { FigureTable } from './FigureTable';
import { percent, range, share } from './figures';
import styles from './Numbers.module.css';
import { useScoreFigures, type View } from './useNumbers';

/** Below this the order is hardly better than drawing lots. */
const FAIR = 0.6;

export function ScorePanel({ view }: { view: View }) {
  const t = useWords('numbers');
  const asked = useScoreFigures(view);
  return (
    <FigurePanel title={t('scores')} lead={t('scores_lead')} empty={t('scores_empty')} asked={asked} isEmpty={({ bars }) => bars.length === 0} file={view.file('scores')}>
      {({ bands, bars, right_order: order }) => (
        <>
          <p data-testid="right-order">
            {order === null ? t('order_unknown') : t(order >= FAIR ? 'order_right' : 'order_wrong', { share: percent(order) })}{' '}
            <Anchor component={Link} to="/scores" c="var(--accent)" underline="always">{t('to_scores')}</Anchor>
          </p>
          <FigureTable
            caption={t('by_band')}
            testId="bands"
            headings={[t('band'), t('people'), t('place_won'), t('won_of_all'), t('surely')]}
            rows={bands.filter(({ people }) => people > 0).map(({ band, people, won, low, high }) => ({
              key: band ?? 'none', name: t(`band_${band ?? 'none'}`),
              cells: [figure(people), figure(won), percent(share(won, people)), `${percent(low)}–${percent(high)}`],
              bar: { value: share(won, people), between: [low, high] },
            }))}
          />
          <h3 className={styles.small}>{t('by_score')}</h3>
          <FigureTable
            caption={t('by_score')}
            testId="score-bars"
            headings={[t('score'), t('people'), t('place_won')]}
            rows={bars.map(({ least, below, people, won }) => ({
              key: String(least),
              name: range(least, below, { under: (score) => t('under', { score }), from: (score) => t('and_more', { score }) }),
              cells: [figure(people), figure(won)],
              bar: { value: share(people, Math.max(...bars.map((bar) => bar.people))) },
            }))}
          />
        </>
      )}
    </FigurePanel>
  );
}
