/** In the settings: what texts and calls cost today and this month, beside the most that they may. */
import { Progress, Text } from '@mantine/core';
import { figure } from '../i18n/said';
import { useWords } from '../i18n/useWords';
import { Panel } from '../look/Panel';
import styles from './Spending.module.css';
import { useSpending, type Purse } from './useSpending';

export function SpendingPanel() {
  const t = useWords('settings');
  const { data: spending } = useSpending();
  if (!spending) return null;
  return (
    <Panel title={t('spending')} className={styles.panel}>
      <Text size="sm" c="dimmed" mb="sm">{t('spending_lead')}</Text>
      {spending.purses.map((purse) => <PurseLine key={purse.period} purse={purse} currency={spending.currency} />)}
      <Text size="sm" c="dimmed" mt="sm">{t('spending_prices', { version: spending.prices })}</Text>
    </Panel>
  );
}

function PurseLine({ purse: { period, spent, most, state }, currency }: { purse: Purse; currency: string }) {
  const t = useWords('settings');
  const money = (amount: number) => `${figure(amount, 2)} ${currency}`;
  const said = most === null ? t('spending_no_limit', { spent: money(spent) }) : t('spending_of', { spent: money(spent), most: money(most) });
  return (
    <div className={styles.purse} data-testid={`spending-${period}`} data-state={state}>
      <Text size="sm"><b>{t(`spending_${period}`)}</b> {said} {state !== 'open' && t(`spending_${state}`)}</Text>
      {most !== null && <Progress mt={4} size="sm" color={state === 'open' ? undefined : 'red'} value={Math.min(100, (100 * spent) / most)} aria-label={t(`spending_${period}`)} />}
    </div>
  );
}
