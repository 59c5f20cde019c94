/** The leads as a table, for wide screens. */
import { Table, Text } from '@mantine/core';
import type { LeadRow } from '../api/types';
import { ChooseRow } from '../bulk/ChooseRow';
import type { Choosing } from '../bulk/useChoosing';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Sheet } from '../look/Panel';
import { stageName } from '../look/words';
import { ChooseLead } from './ChooseLead';
import { ConsentSummary } from './ConsentSummary';
import { LeadIdentity } from './LeadIdentity';
import styles from './LeadList.module.css';
import { Score } from './Score';

const COLUMNS = [
  { name: 'one', width: '32%' }, { name: 'score', width: '15%' }, { name: 'consent', width: '25%' },
  { name: 'stage', width: '13%' }, { name: 'last_message', width: '15%' },
] as const;

export function LeadTable({ leads, choosing }: { leads: readonly LeadRow[]; choosing: Choosing | null }) {
  const t = useWords('leads');
  const t_bulk = useWords('bulk');
  return (
    <Sheet>
      <Table className={styles.table ?? ''} borderColor="var(--line)" aria-label={t('title')}>
        <Table.Thead>
          <Table.Tr>
            {choosing && <Table.Th w={44}><ChooseRow label={t_bulk('choose_all')} isOn={leads.every(({ id }) => choosing.chosen.has(id))} isPartly={choosing.chosen.size > 0} onToggle={choosing.toggleAll} testId="choose-all" /></Table.Th>}
            {COLUMNS.map(({ name, width }) => <Table.Th key={name} w={width}>{t(name)}</Table.Th>)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{leads.map((lead) => <Row key={lead.id} lead={lead} choosing={choosing} />)}</Table.Tbody>
      </Table>
    </Sheet>
  );
}

function Row({ lead, choosing }: { lead: LeadRow; choosing: Choosing | null }) {
  const t = useWords('leads');
  return (
    <Table.Tr className={styles.row ?? ''} data-testid="lead-row" data-lead-id={lead.id}>
      {choosing && <Table.Td><ChooseLead lead={lead} choosing={choosing} /></Table.Td>}
      <Table.Td><LeadIdentity lead={lead} /></Table.Td>
      <Table.Td><Score score={lead.score} band={lead.band} /></Table.Td>
      <Table.Td><ConsentSummary consents={lead.consents} /></Table.Td>
      <Table.Td><Text size="sm" component="span">{stageName(lead.stage)}</Text></Table.Td>
      <Table.Td>
        <Text size="sm" c="dimmed" component="span">
          {lead.last_message_at ? <Moment at={lead.last_message_at} /> : t('no_message')}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
