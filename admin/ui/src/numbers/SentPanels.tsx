/** What messages cost, what became of them, and how quickly people were answered. */
import { Anchor } from '@mantine/core';
import { Link } from 'react-router';
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { span } from '../look/time';
import { FigurePanel } from './FigurePanel';
import { FigureTable } from './FigureTable';
import { NOTHING, money, nameOf, percent, share } from './figures';
import styles from './Numbers.module.css';
import { useAnswerTimes, useCosts, useDeliveries, type View } from './useNumbers';

interface Props {
  view: View;
}

export function CostsPanel({ view }: Props) {
  const t = useWords('numbers');
  const asked = useCosts(view);
  return (
    <FigurePanel title={t('costs')} lead={t('costs_lead')} empty={t('costs_empty')} asked={asked} isEmpty={({ items }) => items.length === 0} file={view.file('costs')}>
      {({ items, total, currency, prices }) => (
        <>
          <FigureTable
            caption={t('costs')}
            testId="costs"
            headings={[t(`one_${view.sentBy}`), t('messages'), t('cost'), t('place_leads'), t('per_lead')]}
            rows={[...items.map((row) => ({ row, name: nameOf(view.sentBy, row.name, t('no_journey')) })), { row: total, name: t('together') }].map(({ row, name }) => ({
              key: name, name, cells: [figure(row.messages), money(row.cost, currency), figure(row.leads), money(row.per_lead, currency)],
            }))}
          />
          <p className={styles.soft}>{t('price_list', { version: prices })}</p>
        </>
      )}
    </FigurePanel>
  );
}

export function DeliveriesPanel({ view }: Props) {
  const t = useWords('numbers');
  const asked = useDeliveries(view);
  return (
    <FigurePanel title={t('deliveries')} lead={t('deliveries_lead')} empty={t('deliveries_empty')} asked={asked} isEmpty={({ items }) => items.length === 0} file={view.file('deliveries')}>
      {({ items }) => (
        <FigureTable
          caption={t('deliveries')}
          testId="deliveries"
          headings={[t(`one_${view.sentBy}`), t('planned'), t('sent'), t('delivered'), t('read'), t('failed'), t('held_back'), t('opted_out'), t('opted_out_share')]}
          rows={items.map((row) => ({
            key: row.name ?? '', name: nameOf(view.sentBy, row.name, t(view.sentBy === 'journey' ? 'no_journey' : 'after_none')),
            cells: [
              figure(row.planned), figure(row.sent), percent(share(row.delivered, row.sent)), percent(share(row.read, row.sent)),
              figure(row.failed), figure(row.held_back), figure(row.opted_out), percent(share(row.opted_out, row.sent)),
            ],
          }))}
        />
      )}
    </FigurePanel>
  );
}

export function AnswersPanel({ days }: { days: number }) {
  const t = useWords('numbers');
  const asked = useAnswerTimes(days);
  const time = (seconds: number | null) => (seconds === null ? NOTHING : span(Math.round(seconds)));
  return (
    <FigurePanel title={t('answers')} lead={t('answers_lead')} empty={t('answers_empty')} asked={asked} isEmpty={({ total }) => total.asked === 0}>
      {({ channels }) => (
        <>
          <FigureTable
            caption={t('answers')}
            testId="answers"
            headings={[t('one_channel'), t('asked'), t('answered'), t('answer_median'), t('answer_slow'), t('rating')]}
            rows={channels.map((row) => ({
              key: row.channel, name: nameOf('channel', row.channel, ''),
              cells: [
                figure(row.asked), percent(share(row.answered, row.asked)), time(row.first_answer_median), time(row.first_answer_p90),
                row.rating === null ? NOTHING : figure(row.rating, 1),
              ],
            }))}
          />
          <Anchor component={Link} to="/inbox" c="var(--accent)" underline="always" fz="sm">{t('to_inbox')}</Anchor>
        </>
      )}
    </FigurePanel>
  );
}
