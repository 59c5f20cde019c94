/** How far the people have come who came in the period. */
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { FigurePanel } from './FigurePanel';
import { FigureTable } from './FigureTable';
import { nameOf, percent, share } from './figures';
import type { FunnelRow } from './types';
import { useFunnel, type View } from './useNumbers';

const PLACES = ['came', 'wrote', 'leads', 'qualified', 'accepted', 'won'] as const satisfies readonly (keyof FunnelRow)[];

export function FunnelPanel({ view }: { view: View }) {
  const t = useWords('numbers');
  const asked = useFunnel(view);
  return (
    <FigurePanel title={t('funnel')} lead={t(`funnel_lead_${view.by}`)} empty={t('funnel_empty')} asked={asked} isEmpty={({ total }) => total.came === 0} file={view.file('funnel')}>
      {({ total, items }) => (
        <>
          <FigureTable
            caption={t('funnel_all')}
            testId="funnel"
            headings={[t('place'), t('people'), t('of_all')]}
            rows={PLACES.map((place) => ({ key: place, name: t(`place_${place}`), cells: [figure(total[place]), percent(share(total[place], total.came))], bar: { value: share(total[place], total.came) } }))}
          />
          <FigureTable
            caption={t(`funnel_by_${view.by}`)}
            testId="funnel-by"
            headings={[t(`one_${view.by}`), ...PLACES.map((place) => t(`place_${place}`)), t('won_of_all')]}
            rows={items.map((row) => ({ key: row.name ?? '', name: nameOf(view.by, row.name, ''), cells: [...PLACES.map((place) => figure(row[place])), percent(share(row.won, row.came))] }))}
          />
        </>
      )}
    </FigurePanel>
  );
}
