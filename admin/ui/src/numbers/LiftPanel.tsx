/** What journeys bring beside the people who are held back: the one figure here that tells cause from company. */
import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { plainWords } from '../look/words';
import { FigurePanel } from './FigurePanel';
import { FigureTable } from './FigureTable';
import { NOTHING, percent, share } from './figures';
import { useLifts } from './useNumbers';

export function LiftPanel() {
  const t = useWords('numbers');
  const asked = useLifts();
  const signed = (value: number) => `${value > 0 ? '+' : ''}${figure(value, 3)}`;
  return (
    <FigurePanel title={t('lift')} lead={t('lift_lead')} empty={t('lift_empty')} asked={asked} isEmpty={(lifts) => lifts.length === 0}>
      {(lifts) => (
        <>
          <FigureTable
            caption={t('lift')}
            testId="lifts"
            headings={[t('one_journey'), t('inside'), t('inside_reached'), t('outside'), t('outside_reached'), t('difference'), t('surely')]}
            rows={lifts.map(({ journey, inside, held_back: outside, compared }) => ({
              key: journey, name: plainWords(journey),
              cells: [
                figure(inside.people), percent(share(inside.goals, inside.people)), figure(outside.people), percent(share(outside.goals, outside.people)),
                compared ? signed(compared.difference) : NOTHING, compared ? `${signed(compared.low)} – ${signed(compared.high)}` : t('not_enough'),
              ],
            }))}
          />
          <Anchor component={Link} to="/journeys" c="var(--accent)" underline="always" fz="sm">{t('to_journeys')}</Anchor>
        </>
      )}
    </FigurePanel>
  );
}
