/** What was sold, and which touch earned it: by four rules side by side, as none of them is the truth. */
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { FigurePanel } from './FigurePanel';
import { FigureTable } from './FigureTable';
import { money, nameOf, share } from './figures';
import styles from './Numbers.module.css';
import type { CurrencyRevenue } from './types';
import { useRevenue, type View } from './useNumbers';

const RULES = ['first', 'last', 'linear', 'data'] as const;

export function RevenuePanel({ view }: { view: View }) {
  const t = useWords('numbers');
  const asked = useRevenue(view);
  return (
    <FigurePanel title={t('revenue')} lead={t(`revenue_lead_${view.by}`)} empty={t('revenue_empty')} asked={asked} isEmpty={({ items }) => items.length === 0} file={view.file('revenue')}>
      {({ items }) => (
        <>
          {items.map((one) => <InCurrency key={one.currency} sold={one} view={view} />)}
          <p className={styles.soft}>{t('data_means')}</p>
        </>
      )}
    </FigurePanel>
  );
}

function InCurrency({ sold, view }: { sold: CurrencyRevenue; view: View }) {
  const t = useWords('numbers');
  const total = t('sold', { count: sold.orders, number: figure(sold.orders), amount: money(sold.value, sold.currency) });
  return (
    <>
      <h3 className={styles.small}>{total}</h3>
      <FigureTable
        caption={total}
        testId="revenue"
        headings={[t(`one_${view.by}`), ...RULES.map((rule) => t(`rule_${rule}`))]}
        rows={sold.items.map((row) => ({
          key: row.name ?? '', name: nameOf(view.by, row.name, t('no_touch')),
          cells: RULES.map((rule) => money(row[rule], sold.currency)),
          bar: { value: share(row.data, sold.value) },
        }))}
      />
    </>
  );
}
