/** Above every page once texts and calls have stopped because enough was spent. Nothing else before that. */
import { Text } from '@mantine/core';
import { IconCoins } from '@tabler/icons-react';
import { Link } from 'react-router';
import { useWords } from '../i18n/useWords';
import styles from './Spending.module.css';
import { useSpending } from './useSpending';

export function SpendingNotice() {
  const { data: spending } = useSpending();
  const stopped = spending?.purses.filter(({ state }) => state === 'stopped') ?? [];
  if (stopped.length === 0) return null;
  return <Notice period={stopped.some(({ period }) => period === 'month') ? 'month' : 'day'} />;
}

function Notice({ period }: { period: 'day' | 'month' }) {
  const t = useWords('settings');
  return (
    <section className={styles.notice} aria-label={t('spending')} data-testid="spending-notice">
      <IconCoins size={18} stroke={1.8} className={styles.mark} aria-hidden />
      <Text size="sm" role="status">{t(`spending_notice_${period}`)} <Link to="/settings" className={styles.link}>{t('spending_see')}</Link></Text>
    </section>
  );
}
