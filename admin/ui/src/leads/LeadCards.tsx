/** The leads as cards, for phones. */
import { Group, Text } from '@mantine/core';
import type { LeadRow } from '../api/types';
import type { Choosing } from '../bulk/useChoosing';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { ChooseLead } from './ChooseLead';
import { ConsentSummary } from './ConsentSummary';
import { LeadIdentity } from './LeadIdentity';
import styles from './LeadList.module.css';
import { Score } from './Score';

export function LeadCards({ leads, choosing }: { leads: readonly LeadRow[]; choosing: Choosing | null }) {
  const t = useWords('leads');
  return (
    <ul className={styles.cards} aria-label={t('title')}>
      {leads.map((lead) => <Card key={lead.id} lead={lead} choosing={choosing} />)}
    </ul>
  );
}

function Card({ lead, choosing }: { lead: LeadRow; choosing: Choosing | null }) {
  const t = useWords('leads');
  return (
    <li className={styles.card} data-testid="lead-row" data-lead-id={lead.id}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        {choosing && <ChooseLead lead={lead} choosing={choosing} />}
        <div style={{ flex: 1, minWidth: 0 }}><LeadIdentity lead={lead} /></div>
        <Score score={lead.score} band={lead.band} />
      </Group>
      <Group justify="space-between" mt="sm" gap="xs">
        <ConsentSummary consents={lead.consents} />
        <Text size="xs" c="dimmed" component="span">
          {lead.last_message_at ? <Moment at={lead.last_message_at} /> : t('no_message')}
        </Text>
      </Group>
    </li>
  );
}
